/*---
title = "Reservasjonsgrad i landet per måned"
audience = "offentlig"
grain = ["maaned"]
dimensjoner = ["maaned"]
versjon = 1
[columns.n_leger]
unit = "leger"
[columns.forskrivninger]
unit = "forskrivninger"
grunnlag = true
storste = "storste_forskrivninger"
nest_storste = "nest_storste_forskrivninger"
[columns.reservert]
unit = "forskrivninger"
storste = "storste_reservert"
nest_storste = "nest_storste_reservert"
[columns.reservasjonsgrad]
unit = "andel"
between = [0, 1]
avledet_av = ["reservert", "forskrivninger"]
hoyst_endret = "endring_maaned_promille"
mangler = "ingen forskrivninger i grunnlaget denne måneden"
[columns.storste_forskrivninger]
unit = "forskrivninger"
[columns.nest_storste_forskrivninger]
unit = "forskrivninger"
[columns.storste_reservert]
unit = "forskrivninger"
[columns.nest_storste_reservert]
unit = "forskrivninger"
---*/
-- Months in which prescriptions cannot be told from dispensings have no row: the words would not fit the numbers.
with rangert as (
    select
        s.maaned,
        s.forskrivninger,
        s.reservert,
        row_number() over (partition by s.maaned order by s.forskrivninger desc, s.rekvirent_hpr) as nr_forskrivninger,
        row_number() over (partition by s.maaned order by s.reservert desc, s.rekvirent_hpr) as nr_reservert
    from lege_sum_maaned as s
    inner join reservasjon_maaned as m on s.maaned = m.maaned
    inner join reservasjon_vindu as v on s.maaned <= v.til_maaned
    where
        m.med_nr = 1
        and s.forskrivninger > 0
),

maaneder as (
    select
        maaned,
        count(*) as n_leger,
        sum(forskrivninger) as forskrivninger,
        sum(reservert) as reservert,
        max(case when nr_forskrivninger = 1 then forskrivninger else 0 end) as storste_forskrivninger,
        max(case when nr_forskrivninger = 2 then forskrivninger else 0 end) as nest_storste_forskrivninger,
        max(case when nr_reservert = 1 then reservert else 0 end) as storste_reservert,
        max(case when nr_reservert = 2 then reservert else 0 end) as nest_storste_reservert
    from rangert
    group by maaned
)

select
    concat(cast(maaned / 100 as varchar), '-', lpad(cast(maaned % 100 as varchar), 2, '0')) as maaned,
    n_leger,
    forskrivninger,
    reservert,
    cast(reservert as double) / nullif(cast(forskrivninger as double), 0) as reservasjonsgrad,
    storste_forskrivninger,
    nest_storste_forskrivninger,
    storste_reservert,
    nest_storste_reservert,
    'vist' as status
from maaneder
order by maaned
