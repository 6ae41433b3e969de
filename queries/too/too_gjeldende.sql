/*---
title = "TOO-hendelser som gjelder etter rettinger"
audience = "arbeid"
grain = ["hendelse_guid"]
versjon = 2
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
        u.fra_fylkesnr,
        u.henvisningskilde,
        u.aldersgruppe,
        u.maalgruppe,
        u.behandlingsbehov,
        u.oppmote,
        u.avslutningsaarsak,
        u.ferdig_odontologisk,
        u.ferdig_psykologisk,
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
from rangert
where
    nr = 1
    and status <> 3
order by hendelse_guid
