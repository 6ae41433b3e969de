/*---
title = "Strømmer inn på og ut av ventelistene i TOO, per måned og fylke"
audience = "arbeid"
grain = ["steg", "periode", "fylkesnr"]
versjon = 1
[columns.fylkesnr]
unit = "fylkesnummer; 99 er ukjent"
[columns.kommet_til]
unit = "forløp"
[columns.overfort_inn]
unit = "forløp"
[columns.naadd]
unit = "forløp"
[columns.hoppet_over]
unit = "forløp"
[columns.ikke_kvalifisert]
unit = "forløp"
[columns.ferdigbehandlet]
unit = "forløp"
[columns.avbrutt_pasient]
unit = "forløp"
[columns.avbrutt_team]
unit = "forløp"
[columns.ikke_kontakt]
unit = "forløp"
[columns.flyttet]
unit = "forløp"
[columns.dod]
unit = "forløp"
[columns.uoppgitt]
unit = "forløp"
[columns.overfort_ut]
unit = "forløp"
---*/
with i_maaned as (
    select
        steg,
        concat(
            cast(date_part('year', dato) as varchar), '-', lpad(cast(date_part('month', dato) as varchar), 2, '0')
        ) as periode,
        fylkesnr,
        art
    from too_venteliste_bevegelse
)

select
    steg,
    periode,
    fylkesnr,
    sum(case when art = 'kommet_til' then 1 else 0 end) as kommet_til,
    sum(case when art = 'overfort_inn' then 1 else 0 end) as overfort_inn,
    sum(case when art = 'naadd' then 1 else 0 end) as naadd,
    sum(case when art = 'hoppet_over' then 1 else 0 end) as hoppet_over,
    sum(case when art = 'ikke_kvalifisert' then 1 else 0 end) as ikke_kvalifisert,
    sum(case when art = 'ferdigbehandlet' then 1 else 0 end) as ferdigbehandlet,
    sum(case when art = 'avbrutt_pasient' then 1 else 0 end) as avbrutt_pasient,
    sum(case when art = 'avbrutt_team' then 1 else 0 end) as avbrutt_team,
    sum(case when art = 'ikke_kontakt' then 1 else 0 end) as ikke_kontakt,
    sum(case when art = 'flyttet' then 1 else 0 end) as flyttet,
    sum(case when art = 'dod' then 1 else 0 end) as dod,
    sum(case when art = 'uoppgitt' then 1 else 0 end) as uoppgitt,
    sum(case when art = 'overfort_ut' then 1 else 0 end) as overfort_ut
from i_maaned
group by steg, periode, fylkesnr
order by steg, periode, fylkesnr
