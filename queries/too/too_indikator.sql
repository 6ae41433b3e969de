/*---
title = "Indikatorer for hvor utbyggingen av TOO er kommet, teller og nevner"
audience = "arbeid"
grain = ["kilde", "indikator", "omraade", "aar"]
versjon = 1
[columns.teller]
unit = "det som telles, se indikatoren"
mangler = "ikke levert, eller skjult i det åpne tallet"
[columns.nevner]
unit = "det som telles, se indikatoren"
mangler = "ikke levert, eller skjult i det åpne tallet"
---*/
-- From the counties' own tables (`eget`) and from the public ones (`offentlig`): what is hidden there is absent here, so that
-- nothing follows from these indicators that is not public already. Waiting are those of the year's last day; of a region the
-- public table has them by tertial.
with kapasitet as (
    select
        o.omraade,
        o.periode,
        case when count(*) = count(k.aar) then sum(k.antall_team) end as antall_team,
        case when count(*) = count(k.aar) then sum(k.arsverk_psykolog_hundredeler) end as psykolog,
        case when count(*) = count(k.aar) then sum(k.arsverk_tannhelse_hundredeler) end as tannhelse,
        case when count(*) = count(k.aar) then sum(k.narkose_dager) end as narkose_dager,
        case when count(*) = count(t.aar) then sum(t.tildelt_kr) end as tildelt_kr
    from too_omraade as o
    left join too_kapasitet as k
        on
            o.fylkesnr = k.fylkesnr
            and o.periode = cast(k.aar as varchar)
    left join too_tilskudd as t
        on
            o.fylkesnr = t.fylkesnr
            and o.periode = cast(t.aar as varchar)
    where
        o.periodetype = 'aar'
        and o.fylkesnr <> 99
    group by o.omraade, o.periode
),

rader as (
    select
        r.omraade,
        r.periode as aar,
        d.voksne,
        d.behandlede,
        d.ferdigbehandlet,
        v1.over_8,
        v1.n as ventende_m1,
        v4.over_52,
        v4.n as ventende_m4,
        m.ikke_mott,
        m.avtalte,
        pd.behandlede as p_behandlede,
        pd.ferdigbehandlet as p_ferdigbehandlet,
        case when pv1.over_8 is not null then pv1.n end as p_ventende_m1,
        pv1.over_8 as p_over_8,
        case when pv4.over_52 is not null then pv4.n end as p_ventende_m4,
        pv4.over_52 as p_over_52,
        pm.ikke_mott as p_ikke_mott,
        pm.avtalte as p_avtalte,
        k.antall_team,
        k.psykolog,
        k.tannhelse,
        k.narkose_dager,
        k.tildelt_kr
    from too_rad as r
    inner join too_dekning as d
        on
            r.omraade = d.omraade
            and r.periode = d.periode
            and d.periodetype = 'aar'
    left join kapasitet as k
        on
            r.omraade = k.omraade
            and r.periode = k.periode
    left join too_ventetid as v1
        on
            r.omraade = v1.omraade
            and r.periode = v1.periode
            and v1.periodetype = 'aar'
            and v1.steg = 'm0_m1'
            and v1.populasjon = 'ventende'
            and v1.pauser = 'med'
    left join too_ventetid as v4
        on
            r.omraade = v4.omraade
            and r.periode = v4.periode
            and v4.periodetype = 'aar'
            and v4.steg = 'm0_m4'
            and v4.populasjon = 'ventende'
            and v4.pauser = 'med'
    left join too_oppmote as m
        on
            r.omraade = m.omraade
            and r.periode = m.periode
            and m.periodetype = 'aar'
            and m.fase = 'alle'
    left join too_dekning_offentlig as pd
        on
            r.omraade = pd.omraade
            and r.periode = pd.periode
    left join too_ventetid_offentlig as pv1
        on
            r.omraade = pv1.omraade
            and concat(r.periode, '-T3') = pv1.periode
            and pv1.periodetype = 'tertial'
            and pv1.steg = 'm0_m1'
            and pv1.populasjon = 'ventende'
            and pv1.pauser = 'med'
    left join too_ventetid_offentlig as pv4
        on
            r.omraade = pv4.omraade
            and concat(r.periode, '-T3') = pv4.periode
            and pv4.periodetype = 'tertial'
            and pv4.steg = 'm0_m4'
            and pv4.populasjon = 'ventende'
            and pv4.pauser = 'med'
    left join too_oppmote_offentlig as pm
        on
            r.omraade = pm.omraade
            and r.periode = pm.periode
            and pm.periodetype = 'aar'
            and pm.fase = 'alle'
    where
        r.periodetype = 'aar'
        and r.nivaa <> 'landet'
)

select
    unnest(
        make_array(
            'eget', 'eget', 'eget', 'eget', 'eget', 'eget', 'eget', 'eget', 'eget', 'eget', 'eget', 'eget',
            'offentlig', 'offentlig', 'offentlig', 'offentlig', 'offentlig', 'offentlig',
            'offentlig', 'offentlig', 'offentlig', 'offentlig', 'offentlig', 'offentlig'
        )
    ) as kilde,
    unnest(
        make_array(
            'behandlede_per_10000', 'ferdigbehandlet_per_10000',
            'andel_ventende_over_8_uker', 'andel_ventende_over_52_uker', 'andel_ikke_mott',
            'team_per_100000', 'psykologaarsverk_per_100000', 'tannhelseaarsverk_per_100000',
            'narkosedager_per_100000', 'tilskudd_per_voksen',
            'tilskudd_per_ferdigbehandlet', 'aarsverk_per_100_ferdigbehandlede',
            'behandlede_per_10000', 'ferdigbehandlet_per_10000',
            'andel_ventende_over_8_uker', 'andel_ventende_over_52_uker', 'andel_ikke_mott',
            'team_per_100000', 'psykologaarsverk_per_100000', 'tannhelseaarsverk_per_100000',
            'narkosedager_per_100000', 'tilskudd_per_voksen',
            'tilskudd_per_ferdigbehandlet', 'aarsverk_per_100_ferdigbehandlede'
        )
    ) as indikator,
    omraade,
    aar,
    unnest(
        make_array(
            behandlede, ferdigbehandlet, over_8, over_52, ikke_mott,
            antall_team, psykolog, tannhelse, narkose_dager, tildelt_kr, tildelt_kr, psykolog + tannhelse,
            p_behandlede, p_ferdigbehandlet, p_over_8, p_over_52, p_ikke_mott,
            antall_team, psykolog, tannhelse, narkose_dager, tildelt_kr, tildelt_kr, psykolog + tannhelse
        )
    ) as teller,
    unnest(
        make_array(
            voksne, voksne, ventende_m1, ventende_m4, avtalte,
            voksne, voksne, voksne, voksne, voksne, ferdigbehandlet, ferdigbehandlet,
            voksne, voksne, p_ventende_m1, p_ventende_m4, p_avtalte,
            voksne, voksne, voksne, voksne, voksne, p_ferdigbehandlet, p_ferdigbehandlet
        )
    ) as nevner
from rader
order by kilde, indikator, omraade, aar
