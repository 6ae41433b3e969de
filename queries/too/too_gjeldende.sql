/*---
title = "TOO-hendelser som gjelder etter rettinger"
audience = "arbeid"
grain = ["hendelse_guid"]
versjon = 1
[columns.hendelse_type]
unit = "kode for hendelsestype i kontrakten"
[columns.registrert_tid]
unit = "mikrosekunder siden 1970-01-01T00:00Z"
[columns.fylkesnr]
unit = "fylkesnummer"
[columns.enhet_orgnr]
unit = "organisasjonsnummer"
[columns.pauseaarsak]
unit = "1 pasient, 2 medisinsk, 3 tjeneste"
mangler = "hendelsen er ingen pause, eller årsaken er ikke oppgitt"
[columns.finansiering]
unit = "1 tilskudd, 2 rettighet"
---*/
-- C1: a correction of a correction concerns the same original; of all corrections of one original the last wins.
-- A correction whose target is not there is in no chain and waits.
with rangert as (
    select
        u.hendelse_guid,
        u.status,
        u.forlop_id,
        u.hendelse_type,
        u.hendelse_dato,
        u.registrert_tid,
        u.fylkesnr,
        u.enhet_orgnr,
        u.pauseaarsak,
        u.finansiering,
        row_number() over (
            partition by k.original
            order by case when u.status = 1 then 0 else 1 end desc, u.registrert_tid desc, u.hendelse_guid desc
        ) as nr
    from too_kjede as k
    inner join too_ulik as u on k.hendelse_guid = u.hendelse_guid
)

select
    hendelse_guid,
    forlop_id,
    hendelse_type,
    hendelse_dato,
    registrert_tid,
    fylkesnr,
    enhet_orgnr,
    pauseaarsak,
    finansiering
from rangert
where
    nr = 1
    and status <> 3
order by hendelse_guid
