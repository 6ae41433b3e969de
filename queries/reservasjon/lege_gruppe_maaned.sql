/*---
title = "Lege × byttegruppe × måned: forskrivninger, reservasjoner, pakninger, DDD, kroner og merutgift"
audience = "arbeid"
grain = ["maaned", "rekvirent_hpr", "byttegruppe", "forskrevet_maaned"]
versjon = 1
inkrementell = true
[columns.maaned]
unit = "ååååmm"
[columns.rekvirent_hpr]
unit = "HPR-nummer"
[columns.byttegruppe]
unit = "Byttegruppe/Kode@V; 0 når varen ikke er i noen"
[columns.forskrevet_maaned]
unit = "ååååmm"
[columns.linjer]
unit = "linjer av alle klasser"
[columns.forskrivninger]
unit = "forskrivninger"
[columns.reservert]
unit = "forskrivninger"
[columns.reservert_pasient]
unit = "forskrivninger"
[columns.reservert_apotek]
unit = "forskrivninger"
[columns.utleveringer]
unit = "utleveringer"
[columns.utleveringer_reservert]
unit = "utleveringer"
[columns.utleveringer_reservert_pasient]
unit = "utleveringer"
[columns.utleveringer_reservert_apotek]
unit = "utleveringer"
[columns.antall_tusendeler]
unit = "tusendels pakning"
[columns.ddd_mikro]
unit = "milliondels DDD"
[columns.uten_ddd]
unit = "utleveringer uten DDD"
[columns.utsalgspris_ore]
unit = "øre"
[columns.virkestoff]
unit = "forskrivninger på virkestoff"
[columns.virkestoff_utleveringer]
unit = "utleveringer på virkestoff"
[columns.merutgift_ore]
unit = "øre"
[columns.referanse_fra]
unit = "som i linje_merutgift, den laveste"
mangler = "ingen reservert linje med referanse"
[columns.referanse_til]
unit = "som i linje_merutgift, den høyeste"
mangler = "ingen reservert linje med referanse"
[columns.uten_referanse]
unit = "utleveringer som legen reserverte, uten referanse"
[columns.avvikende_pris]
unit = "utleveringer som legen reserverte, med pris langt over referansen"
---*/
-- B1: the headline counts first dispensings of `grunnlag` lines; a line that both doctor and patient reserved is
-- delivered as the doctor's. Masked prescribers are nobody and have no row. B4: merutgift is that of all reserved lines,
-- and lines without a reference are counted beside it.
select
    k.maaned,
    k.rekvirent_hpr,
    k.byttegruppe,
    k.forskrevet_maaned,
    count(*) as linjer,
    sum(case when k.klasse = 9 and k.utlevering_nr = 1 then 1 else 0 end) as forskrivninger,
    sum(case when k.klasse = 9 and k.utlevering_nr = 1 and k.reservasjon = 1 then 1 else 0 end) as reservert,
    sum(case when k.klasse = 9 and k.utlevering_nr = 1 and k.reservasjon = 2 then 1 else 0 end) as reservert_pasient,
    sum(case when k.klasse = 9 and k.utlevering_nr = 1 and k.reservasjon = 3 then 1 else 0 end) as reservert_apotek,
    sum(case when k.klasse = 9 then 1 else 0 end) as utleveringer,
    sum(case when k.klasse = 9 and k.reservasjon = 1 then 1 else 0 end) as utleveringer_reservert,
    sum(case when k.klasse = 9 and k.reservasjon = 2 then 1 else 0 end) as utleveringer_reservert_pasient,
    sum(case when k.klasse = 9 and k.reservasjon = 3 then 1 else 0 end) as utleveringer_reservert_apotek,
    sum(case when k.klasse = 9 then k.antall_tusendeler else 0 end) as antall_tusendeler,
    sum(case when k.klasse = 9 then coalesce(k.ddd_mikro, 0) else 0 end) as ddd_mikro,
    sum(case when k.klasse = 9 and k.ddd_mikro is null then 1 else 0 end) as uten_ddd,
    sum(case when k.klasse = 9 then k.utsalgspris_ore else 0 end) as utsalgspris_ore,
    sum(case when k.klasse = 3 and k.utlevering_nr = 1 then 1 else 0 end) as virkestoff,
    sum(case when k.klasse = 3 then 1 else 0 end) as virkestoff_utleveringer,
    sum(coalesce(m.merutgift_ore, 0)) as merutgift_ore,
    cast(min(nullif(m.referanse, 0)) as tinyint) as referanse_fra,
    cast(max(nullif(m.referanse, 0)) as tinyint) as referanse_til,
    sum(case when m.referanse = 0 then 1 else 0 end) as uten_referanse,
    sum(coalesce(m.avvikende_pris, 0)) as avvikende_pris
from linje_klasse as k
left join linje_merutgift as m on k.linje_id = m.linje_id
where k.klasse <> 1
group by k.maaned, k.rekvirent_hpr, k.byttegruppe, k.forskrevet_maaned
order by k.maaned, k.rekvirent_hpr, k.byttegruppe, k.forskrevet_maaned
