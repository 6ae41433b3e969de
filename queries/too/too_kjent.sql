/*---
title = "TOO-hendelser til og med fylkets siste komplette måned"
audience = "arbeid"
grain = ["forlop_id", "hendelse_dato", "hendelse_guid"]
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
-- C2: nothing of a county after its last complete month is computed.
select
    g.forlop_id,
    g.hendelse_dato,
    g.hendelse_guid,
    g.hendelse_type,
    g.registrert_tid,
    g.fylkesnr,
    g.enhet_orgnr,
    g.pauseaarsak,
    g.fra_fylkesnr,
    g.henvisningskilde,
    g.aldersgruppe,
    g.maalgruppe,
    g.behandlingsbehov,
    g.oppmote,
    g.avslutningsaarsak,
    g.ferdig_odontologisk,
    g.ferdig_psykologisk,
    g.finansiering
from too_gjeldende as g
inner join too_komplett as k
    on
        g.fylkesnr = k.fylkesnr
        and g.hendelse_dato <= k.komplett_dato
order by g.forlop_id, g.hendelse_dato, g.hendelse_guid
