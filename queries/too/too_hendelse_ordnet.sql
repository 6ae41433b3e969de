/*---
title = "TOO-hendelser i rekkefølge, delt i forløp"
audience = "arbeid"
grain = ["forlop_id", "nr"]
versjon = 3
[columns.nr]
unit = "hendelsens nummer i forlop_id"
[columns.forlop_nr]
unit = "forløpets nummer i forlop_id"
[columns.hendelse_type]
unit = "kode for hendelsestype i kontrakten"
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
-- C3. Whether a course is open when a day begins decides where `avsluttet` (8) stands that day. A day with an end and
-- no referral closes, one with a referral and no end opens, ikke_kvalifisert (3) always comes after a referral and
-- closes, and a day with both avsluttet and henvist (1) leaves things as they were: (open) end, new referral, open;
-- (closed) referral, end, closed.
with dager as (
    select
        forlop_id,
        hendelse_dato,
        max(case when hendelse_type = 8 then 1 else 0 end) as avsluttet,
        max(case when hendelse_type = 1 then 1 else 0 end) as henvist,
        max(case when hendelse_type = 3 then 1 else 0 end) as ikke_kvalifisert,
        row_number() over (partition by forlop_id order by hendelse_dato) as dag_nr
    from too_kjent
    group by forlop_id, hendelse_dato
),

utfall as (
    select
        forlop_id,
        hendelse_dato,
        dag_nr,
        case
            when ikke_kvalifisert = 1 or (avsluttet = 1 and henvist = 0) then dag_nr * 2
            when henvist = 1 and avsluttet = 0 then dag_nr * 2 + 1
            when avsluttet = 1 and henvist = 1 and dag_nr = 1 then dag_nr * 2
        end as dag_og_aapen
    from dager
),

aapne as (
    select
        forlop_id,
        hendelse_dato,
        case
            when dag_nr = 1 then 0
            else coalesce(
                max(dag_og_aapen) over (
                    partition by forlop_id order by hendelse_dato rows between unbounded preceding and 1 preceding
                ) % 2,
                1
            )
        end as aapen_foer
    from utfall
),

ordnet as (
    select
        k.forlop_id,
        k.hendelse_guid,
        k.hendelse_type,
        k.hendelse_dato,
        k.fylkesnr,
        k.enhet_orgnr,
        k.pauseaarsak,
        k.fra_fylkesnr,
        k.henvisningskilde,
        k.aldersgruppe,
        k.maalgruppe,
        k.behandlingsbehov,
        k.oppmote,
        k.avslutningsaarsak,
        k.ferdig_odontologisk,
        k.ferdig_psykologisk,
        k.finansiering,
        row_number() over (
            partition by k.forlop_id
            order by
                k.hendelse_dato,
                case
                    when k.hendelse_type = 8 and a.aapen_foer = 1 then 0
                    when k.hendelse_type <= 7 then k.hendelse_type
                    when k.hendelse_type = 8 then 9
                    else 8
                end,
                k.registrert_tid,
                k.hendelse_guid
        ) as nr
    from too_kjent as k
    inner join aapne as a
        on
            k.forlop_id = a.forlop_id
            and k.hendelse_dato = a.hendelse_dato
),

-- A referral starts a course when the last referral or end before it was an end.
starter as (
    select
        forlop_id,
        nr,
        hendelse_guid,
        hendelse_type,
        hendelse_dato,
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
        case
            when nr = 1 then 1
            when
                hendelse_type = 1
                and max(
                    case when hendelse_type in (3, 8) then nr * 2 + 1 when hendelse_type = 1 then nr * 2 end
                ) over (partition by forlop_id order by nr rows between unbounded preceding and 1 preceding) % 2 = 1
                then 1
            else 0
        end as starter
    from ordnet
)

select
    forlop_id,
    nr,
    sum(starter) over (partition by forlop_id order by nr) as forlop_nr,
    hendelse_guid,
    hendelse_type,
    hendelse_dato,
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
from starter
order by forlop_id, nr
