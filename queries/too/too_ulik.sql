/*---
title = "Leverte TOO-hendelser, hver én gang"
audience = "arbeid"
grain = ["hendelse_guid"]
versjon = 3
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
[columns.fra_fylkesnr]
unit = "fylkesnummer"
mangler = "hendelsen er ingen overføring"
[columns.henvisningskilde]
unit = "kode for henvisningskilde i kontrakten"
mangler = "hendelsen er ingen henvisning, eller kilden er ikke oppgitt"
[columns.aldersgruppe]
unit = "kode for aldersgruppe i kontrakten"
mangler = "hendelsen er ingen henvisning, eller alderen er ikke oppgitt"
[columns.maalgruppe]
unit = "sum av 1 tortur, 2 overgrep, 4 odontofobi"
mangler = "hendelsen er ingen vurdering, eller målgruppen er ikke oppgitt"
[columns.behandlingsbehov]
unit = "1 lite, 2 middels, 3 stort"
mangler = "hendelsen er ingen vurdering av behov, eller behovet er ikke oppgitt"
[columns.oppmote]
unit = "1 mott, 2 ikke_mott, 3 avbestilt"
mangler = "hendelsen er ingen time, eller oppmøtet er ikke oppgitt"
[columns.avslutningsaarsak]
unit = "kode for avslutningsårsak i kontrakten"
mangler = "hendelsen er ingen avslutning, eller årsaken er ikke oppgitt"
[columns.ferdig_odontologisk]
unit = "0 nei, 1 ja"
mangler = "hendelsen er ingen avslutning, eller svaret er ikke oppgitt"
[columns.ferdig_psykologisk]
unit = "0 nei, 1 ja"
mangler = "hendelsen er ingen avslutning, eller svaret er ikke oppgitt"
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
        fra_fylkesnr,
        henvisningskilde,
        aldersgruppe,
        maalgruppe,
        behandlingsbehov,
        oppmote,
        avslutningsaarsak,
        ferdig_odontologisk,
        ferdig_psykologisk,
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
        fra_fylkesnr,
        henvisningskilde,
        aldersgruppe,
        maalgruppe,
        behandlingsbehov,
        oppmote,
        avslutningsaarsak,
        ferdig_odontologisk,
        ferdig_psykologisk,
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
    fra_fylkesnr,
    henvisningskilde,
    aldersgruppe,
    maalgruppe,
    behandlingsbehov,
    oppmote,
    avslutningsaarsak,
    ferdig_odontologisk,
    ferdig_psykologisk,
    finansiering
from talte
where n_innhold = 1
order by hendelse_guid
