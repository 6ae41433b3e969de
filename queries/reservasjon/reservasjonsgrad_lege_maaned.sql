/*---
title = "Reservasjonsgrad per lege og måned"
audience = "lege"
grain = ["rekvirent_hpr", "maaned"]
mappe = "rekvirent_hpr"
versjon = 1
[columns.rekvirent_hpr]
unit = "HPR-nummer"
[columns.forskrivninger]
unit = "forskrivninger"
mangler = "utleveringens nummer er ikke levert"
[columns.reservert]
unit = "forskrivninger, eller utleveringer når nummer mangler"
mangler = "utleveringens nummer er ikke levert"
[columns.utleveringer]
unit = "utleveringer"
[columns.reservasjonsgrad]
unit = "andel"
between = [0, 1]
avledet_av = ["reservert", "forskrivninger"]
mangler = "ingen forskrivninger i grunnlaget denne måneden"
---*/
with tall as (
    select
        s.rekvirent_hpr,
        concat(cast(s.maaned / 100 as varchar), '-', lpad(cast(s.maaned % 100 as varchar), 2, '0')) as maaned,
        s.utleveringer,
        v.teller_forskrivninger,
        case
            when v.teller_forskrivninger = 0 then s.utleveringer
            when m.med_nr = 1 then s.forskrivninger
        end as n,
        case
            when v.teller_forskrivninger = 0 then s.utleveringer_reservert
            when m.med_nr = 1 then s.reservert
        end as r
    from lege_sum_maaned as s
    inner join reservasjonsgrad_lege as l on s.rekvirent_hpr = l.rekvirent_hpr
    inner join reservasjon_maaned as m on s.maaned = m.maaned
    inner join reservasjon_vindu as v on s.maaned <= v.til_maaned
)

select
    rekvirent_hpr,
    maaned,
    case when teller_forskrivninger = 1 then n end as forskrivninger,
    r as reservert,
    utleveringer,
    cast(r as double) / nullif(cast(n as double), 0) as reservasjonsgrad,
    case when n > 0 then 'vist' else 'mangler' end as status
from tall
order by rekvirent_hpr, maaned
