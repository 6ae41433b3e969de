/*---
title = "TOO-hendelser til KPR"
audience = "arbeid"
grain = ["hendelseGUID"]
utboks = "kpr"
versjon = 1
[columns.notifikasjonForrigeGUID]
mangler = "hendelsen er en original"
[columns.hendelseElement]
mangler = "IPLOS har ikke noe element for en slik hendelse"
[columns.fraFylkesnr]
mangler = "hendelsen er ingen overføring, eller fylket den kom fra er ikke oppgitt"
[columns.henvisningskilde]
mangler = "hendelsen er ingen henvisning, eller kilden er ikke oppgitt"
[columns.behandlingsbehov]
mangler = "hendelsen er ingen vurdering av behov, eller behovet er ikke oppgitt"
[columns.oppmote]
mangler = "hendelsen er ingen time, eller oppmøtet er ikke oppgitt"
[columns.pauseaarsak]
mangler = "hendelsen er ingen pause, eller årsaken er ikke oppgitt"
[columns.avslutningsaarsak]
mangler = "hendelsen er ingen avslutning, eller årsaken er ikke oppgitt"
[columns.ferdigOdontologisk]
unit = "0 nei, 1 ja"
mangler = "hendelsen er ingen avslutning, eller det er ikke oppgitt"
[columns.ferdigPsykologisk]
unit = "0 nei, 1 ja"
mangler = "hendelsen er ingen avslutning, eller det er ikke oppgitt"
---*/
-- Events are handed over as they were delivered, corrections too: KPR applies status N, M and C itself (Volven 7316). One
-- that was delivered with different content is no event (C1). Names are those of KPR's IPLOS message where it has one;
-- tjenesteID is the course's pseudonym, and nothing about the person is there: no age, no birth number, no place to live.
with leverte as (
    select
        hendelse_guid,
        fra_fylkesnr,
        henvisningskilde,
        maalgruppe,
        behandlingsbehov,
        oppmote,
        avslutningsaarsak,
        ferdig_odontologisk,
        ferdig_psykologisk,
        row_number() over (partition by hendelse_guid order by leveranse) as nr
    from too_hendelse
)

select
    u.hendelse_guid as "hendelseGUID",
    case u.status when 1 then 'N' when 2 then 'M' else 'C' end as "statusNotifikasjon",
    u.gjelder_guid as "notifikasjonForrigeGUID",
    case
        when u.hendelse_type = 1 then 'TjenesteStart'
        when u.hendelse_type in (3, 8) then 'TjenesteSlutt'
        when u.hendelse_type = 10 then 'TjenesteutforerEndret'
        when u.hendelse_type = 11 then 'MidlertidigStoppFra'
        when u.hendelse_type = 12 then 'MidlertidigStoppTil'
    end as "hendelseElement",
    case u.hendelse_type
        when 1 then 'henvist'
        when 2 then 'vurdert'
        when 3 then 'ikke_kvalifisert'
        when 4 then 'behov_vurdert'
        when 5 then 'team_start'
        when 6 then 'team_slutt'
        when 7 then 'tannbehandling_start'
        when 8 then 'avsluttet'
        when 9 then 'kontakt_venteliste'
        when 10 then 'overfort'
        when 11 then 'pause_fra'
        when 12 then 'pause_til'
        when 13 then 'narkose_behov'
        when 14 then 'narkose_utfort'
        else 'time'
    end as "hendelseType",
    u.hendelse_dato as "hendelseDato",
    to_char(to_timestamp_micros(u.registrert_tid), '%Y-%m-%dT%H:%M:%SZ') as "hendelseRegTid",
    u.forlop_id as "tjenesteID",
    'TOO' as "tjenesteType",
    lpad(cast(u.enhet_orgnr as varchar), 9, '0') as "tjenesteOrgNr",
    lpad(cast(u.fylkesnr as varchar), 2, '0') as fylkesnr,
    lpad(cast(l.fra_fylkesnr as varchar), 2, '0') as "fraFylkesnr",
    case l.henvisningskilde
        when 1 then 'selv'
        when 2 then 'parorende'
        when 3 then 'tannlege'
        when 4 then 'tannpleier'
        when 5 then 'fastlege'
        when 6 then 'psykolog'
        when 7 then 'asyl_flyktning'
        when 8 then 'annet'
    end as henvisningskilde,
    concat_ws(
        '+',
        case when l.maalgruppe % 2 = 1 then 'tortur' end,
        case when l.maalgruppe / 2 % 2 = 1 then 'overgrep' end,
        case when l.maalgruppe / 4 % 2 = 1 then 'odontofobi' end
    ) as maalgruppe,
    case l.behandlingsbehov when 1 then 'lite' when 2 then 'middels' when 3 then 'stort' end as behandlingsbehov,
    case l.oppmote when 1 then 'mott' when 2 then 'ikke_mott' when 3 then 'avbestilt' end as oppmote,
    case u.pauseaarsak when 1 then 'pasient' when 2 then 'medisinsk' when 3 then 'tjeneste' end as pauseaarsak,
    case l.avslutningsaarsak
        when 1 then 'ferdigbehandlet'
        when 2 then 'avbrutt_pasient'
        when 3 then 'avbrutt_team'
        when 4 then 'ikke_kontakt'
        when 5 then 'flyttet'
        when 6 then 'dod'
    end as avslutningsaarsak,
    l.ferdig_odontologisk as "ferdigOdontologisk",
    l.ferdig_psykologisk as "ferdigPsykologisk",
    case u.finansiering when 1 then 'tilskudd' else 'rettighet' end as finansiering
from too_ulik as u
inner join leverte as l
    on
        u.hendelse_guid = l.hendelse_guid
        and l.nr = 1
order by "hendelseGUID"
