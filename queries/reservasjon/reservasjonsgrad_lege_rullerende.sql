/*---
title = "Reservasjonsgraden din i tolv måneder om gangen"
audience = "lege"
grain = ["rekvirent_hpr", "maaned"]
mappe = "rekvirent_hpr"
versjon = 1
kan_vaere_tom = "færre enn 12 måneder er levert"
[columns.rekvirent_hpr]
unit = "HPR-nummer"
viser_til = ["lege.rekvirent_hpr"]
hoyst_promille = 0
[columns.antall]
unit = "forskrivninger, eller utleveringer når nummer mangler"
mangler = "utleveringens nummer mangler i en av de tolv månedene"
[columns.reservert]
unit = "som antall, reservert av legen"
mangler = "utleveringens nummer mangler i en av de tolv månedene"
[columns.reservasjonsgrad]
unit = "andel"
between = [0, 1]
avledet_av = ["reservert", "antall"]
mangler = "ingen forskrivninger i grunnlaget, eller utleveringens nummer mangler i en av de tolv månedene"
[columns.brudd]
unit = "0 nei, 1 ja"
between = [0, 1]
---*/
-- A2's window for each last month, as far back as history goes. B1: where a number is missing in one of the twelve months,
-- prescriptions cannot be told, and the point is a break in the series. Where the page itself counts dispensings, all
-- points do.
with maaneder as (
    select
        m.maaned,
        m.maaned_nr,
        m.med_nr,
        v.til_maaned / 100 * 12 + v.til_maaned % 100 - 1 as til_nr,
        v.teller_forskrivninger
    from reservasjon_maaned as m
    inner join reservasjon_vindu as v on m.maaned <= v.til_maaned
),

-- Every doctor has every month, so that twelve rows are twelve months.
rutenett as (
    select
        l.rekvirent_hpr,
        m.maaned,
        m.maaned_nr,
        m.til_nr,
        m.med_nr,
        m.teller_forskrivninger,
        case when m.teller_forskrivninger = 1 then s.forskrivninger else s.utleveringer end as n,
        case when m.teller_forskrivninger = 1 then s.reservert else s.utleveringer_reservert end as r
    from reservasjonsgrad_lege as l
    cross join maaneder as m
    left join lege_sum_maaned as s
        on
            l.rekvirent_hpr = s.rekvirent_hpr
            and m.maaned = s.maaned
),

rullerende as (
    select
        rekvirent_hpr,
        maaned,
        maaned_nr,
        til_nr,
        teller_forskrivninger,
        coalesce(sum(n) over siste_tolv, 0) as n,
        coalesce(sum(r) over siste_tolv, 0) as r,
        min(med_nr) over siste_tolv as med_nr,
        count(*) over siste_tolv as maaneder
    from rutenett
    window siste_tolv as (partition by rekvirent_hpr order by maaned_nr rows between 11 preceding and current row)
),

punkter as (
    select
        rekvirent_hpr,
        maaned,
        case when teller_forskrivninger = 1 and med_nr = 0 then 1 else 0 end as brudd,
        n,
        r
    from rullerende
    where
        maaneder = 12
        and maaned_nr > til_nr - $rullerende_maaneder
)

select
    rekvirent_hpr,
    concat(cast(maaned / 100 as varchar), '-', lpad(cast(maaned % 100 as varchar), 2, '0')) as maaned,
    case when brudd = 0 then n end as antall,
    case when brudd = 0 then r end as reservert,
    case when brudd = 0 then cast(r as double) / nullif(cast(n as double), 0) end as reservasjonsgrad,
    brudd,
    case when brudd = 0 and n > 0 then 'vist' else 'mangler' end as status
from punkter
order by rekvirent_hpr, maaned
