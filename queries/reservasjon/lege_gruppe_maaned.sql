/*---
title = "Lege × byttegruppe × måned: forskrivninger, reservasjoner, pakninger, DDD og kroner"
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
---*/
-- B1: the headline counts first dispensings of `grunnlag` lines; a line that both doctor and patient reserved is
-- delivered as the doctor's. Masked prescribers are nobody and have no row.
select
    maaned,
    rekvirent_hpr,
    byttegruppe,
    forskrevet_maaned,
    count(*) as linjer,
    sum(case when klasse = 9 and utlevering_nr = 1 then 1 else 0 end) as forskrivninger,
    sum(case when klasse = 9 and utlevering_nr = 1 and reservasjon = 1 then 1 else 0 end) as reservert,
    sum(case when klasse = 9 and utlevering_nr = 1 and reservasjon = 2 then 1 else 0 end) as reservert_pasient,
    sum(case when klasse = 9 and utlevering_nr = 1 and reservasjon = 3 then 1 else 0 end) as reservert_apotek,
    sum(case when klasse = 9 then 1 else 0 end) as utleveringer,
    sum(case when klasse = 9 and reservasjon = 1 then 1 else 0 end) as utleveringer_reservert,
    sum(case when klasse = 9 and reservasjon = 2 then 1 else 0 end) as utleveringer_reservert_pasient,
    sum(case when klasse = 9 and reservasjon = 3 then 1 else 0 end) as utleveringer_reservert_apotek,
    sum(case when klasse = 9 then antall_tusendeler else 0 end) as antall_tusendeler,
    sum(case when klasse = 9 then coalesce(ddd_mikro, 0) else 0 end) as ddd_mikro,
    sum(case when klasse = 9 and ddd_mikro is null then 1 else 0 end) as uten_ddd,
    sum(case when klasse = 9 then utsalgspris_ore else 0 end) as utsalgspris_ore,
    sum(case when klasse = 3 and utlevering_nr = 1 then 1 else 0 end) as virkestoff,
    sum(case when klasse = 3 then 1 else 0 end) as virkestoff_utleveringer
from linje_klasse
where klasse <> 1
group by maaned, rekvirent_hpr, byttegruppe, forskrevet_maaned
order by maaned, rekvirent_hpr, byttegruppe, forskrevet_maaned
