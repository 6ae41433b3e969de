/*---
title = "Dine reservasjoner etter virkestoff og måneden resepten ble skrevet"
audience = "lege"
grain = ["rekvirent_hpr", "atc", "maaned"]
mappe = "rekvirent_hpr"
versjon = 1
kan_vaere_tom = "ingen har reservert, eller færre enn 12 måneder er levert"
[columns.rekvirent_hpr]
unit = "HPR-nummer"
viser_til = ["lege.rekvirent_hpr"]
hoyst_promille = 0
[columns.antall]
unit = "forskrivninger, eller utleveringer når nummer mangler"
[columns.reservert]
unit = "som antall, reservert av legen"
[columns.reserverte_uttak]
unit = "utleveringer som legen reserverte, også av eldre resepter"
[columns.merutgift]
unit = "kr"
desimaler = 0
[columns.uten_referanse]
unit = "utleveringer"
---*/
-- What the doctor can look up in their own journal: where they reserved, by the month in which they wrote it. Dispensings in
-- the window of prescriptions that are older stand under their own month.
with linjer as (
    select
        c.rekvirent_hpr,
        c.forskrevet_maaned,
        coalesce(b.atc, 'ukjent') as atc,
        coalesce(b.virkestoff, 'ukjent') as virkestoff,
        case when v.teller_forskrivninger = 1 then c.forskrivninger else c.utleveringer end as n,
        case when v.teller_forskrivninger = 1 then c.reservert else c.utleveringer_reservert end as r,
        c.utleveringer_reservert,
        c.merutgift_ore,
        c.uten_referanse
    from lege_gruppe_maaned as c
    inner join reservasjonsgrad_lege as p on c.rekvirent_hpr = p.rekvirent_hpr
    inner join reservasjon_vindu as v
        on
            c.maaned between v.fra_maaned and v.til_maaned
            and v.komplett = 1
    left join byttegruppe_navn as b on c.byttegruppe = b.byttegruppe
)

select
    rekvirent_hpr,
    atc,
    concat(
        cast(forskrevet_maaned / 100 as varchar), '-', lpad(cast(forskrevet_maaned % 100 as varchar), 2, '0')
    ) as maaned,
    min(virkestoff) as virkestoff,
    sum(n) as antall,
    sum(r) as reservert,
    sum(utleveringer_reservert) as reserverte_uttak,
    cast(sum(merutgift_ore) as double) / 100 as merutgift,
    sum(uten_referanse) as uten_referanse,
    'vist' as status
from linjer
group by rekvirent_hpr, atc, forskrevet_maaned
having sum(utleveringer_reservert) > 0
order by rekvirent_hpr, atc, maaned
