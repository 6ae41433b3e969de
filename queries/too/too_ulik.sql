/*---
title = "Leverte TOO-hendelser, hver én gang"
audience = "arbeid"
grain = ["hendelse_guid"]
versjon = 2
[columns.status]
unit = "1 N original, 2 M erstatter, 3 C annullerer"
[columns.gjelder_guid]
mangler = "hendelsen er en original"
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
-- C1: events are told apart by their guid. One that was delivered with different content is no event, since nobody can
-- tell which is right: it has no effect, and too_kvittering counts it as avvist_gjentatt_guid.
with ulike as (
    select distinct
        hendelse_guid,
        status,
        gjelder_guid,
        forlop_id,
        hendelse_type,
        hendelse_dato,
        registrert_tid,
        registrert_dato,
        fylkesnr,
        enhet_orgnr,
        pauseaarsak,
        finansiering
    from too_hendelse
),

talte as (
    select
        hendelse_guid,
        status,
        gjelder_guid,
        forlop_id,
        hendelse_type,
        hendelse_dato,
        registrert_tid,
        registrert_dato,
        fylkesnr,
        enhet_orgnr,
        pauseaarsak,
        finansiering,
        count(*) over (partition by hendelse_guid) as n_innhold
    from ulike
)

select
    hendelse_guid,
    status,
    gjelder_guid,
    forlop_id,
    hendelse_type,
    hendelse_dato,
    registrert_tid,
    registrert_dato,
    fylkesnr,
    enhet_orgnr,
    pauseaarsak,
    finansiering
from talte
where n_innhold = 1
order by hendelse_guid
