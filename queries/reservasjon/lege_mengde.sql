/*---
title = "Lege i vinduet: pakninger, DDD, merutgift og hvem som reserverte"
audience = "arbeid"
grain = ["rekvirent_hpr"]
versjon = 1
[columns.rekvirent_hpr]
unit = "HPR-nummer"
[columns.reservert_pasient]
unit = "forskrivninger, eller utleveringer når nummer mangler"
[columns.reservert_apotek]
unit = "forskrivninger, eller utleveringer når nummer mangler"
[columns.virkestoff]
unit = "forskrivninger, eller utleveringer når nummer mangler"
[columns.antall_tusendeler]
unit = "tusendels pakning"
[columns.ddd_mikro]
unit = "milliondels DDD"
[columns.uten_ddd]
unit = "utleveringer uten DDD"
[columns.merutgift_ore]
unit = "øre"
[columns.n_siste]
unit = "forskrivninger, eller utleveringer når nummer mangler, forskrevet de siste månedene"
[columns.r_siste]
unit = "som n_siste, reservert av legen"
[columns.uten_referanse]
unit = "utleveringer som legen reserverte, uten referanse"
[columns.avvikende_pris]
unit = "utleveringer som legen reserverte, med pris langt over referansen"
---*/
-- B1: beside the headline. A line that both doctor and patient reserved is delivered as the doctor's. What was prescribed in
-- the last months shows a change of habit before the whole window does.
select
    c.rekvirent_hpr,
    sum(case when v.teller_forskrivninger = 1 then c.reservert_pasient else c.utleveringer_reservert_pasient end)
        as reservert_pasient,
    sum(case when v.teller_forskrivninger = 1 then c.reservert_apotek else c.utleveringer_reservert_apotek end)
        as reservert_apotek,
    sum(case when v.teller_forskrivninger = 1 then c.virkestoff else c.virkestoff_utleveringer end) as virkestoff,
    sum(c.antall_tusendeler) as antall_tusendeler,
    sum(c.ddd_mikro) as ddd_mikro,
    sum(c.uten_ddd) as uten_ddd,
    sum(c.merutgift_ore) as merutgift_ore,
    sum(
        case
            when
                c.forskrevet_maaned / 100 * 12 + c.forskrevet_maaned % 100
                <= v.til_maaned / 100 * 12 + v.til_maaned % 100 - $siste_maaneder
                then 0
            when v.teller_forskrivninger = 1 then c.forskrivninger
            else c.utleveringer
        end
    ) as n_siste,
    sum(
        case
            when
                c.forskrevet_maaned / 100 * 12 + c.forskrevet_maaned % 100
                <= v.til_maaned / 100 * 12 + v.til_maaned % 100 - $siste_maaneder
                then 0
            when v.teller_forskrivninger = 1 then c.reservert
            else c.utleveringer_reservert
        end
    ) as r_siste,
    sum(c.uten_referanse) as uten_referanse,
    sum(c.avvikende_pris) as avvikende_pris
from lege_gruppe_maaned as c
inner join reservasjon_vindu as v on c.maaned between v.fra_maaned and v.til_maaned
group by c.rekvirent_hpr
order by c.rekvirent_hpr
