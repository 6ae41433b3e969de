/*---
title = "Ventetider i TOO, per steg, område og periode"
audience = "fylke"
grain = ["steg", "omraade", "periodetype", "periode", "populasjon", "pauser"]
mappe = "fylkesnr"
versjon = 2
[columns.fylkesnr]
mangler = "raden gjelder en region, et tidligere fylke eller ukjent fylke og ligger ikke i noen mappe"
[columns.n]
unit = "forløp"
[columns.gjennomsnitt]
unit = "dager"
desimaler = 1
mangler = "ingen forløp"
[columns.median]
unit = "dager"
mangler = "ingen forløp"
[columns.p80]
unit = "dager"
mangler = "ingen forløp"
[columns.p90]
unit = "dager"
mangler = "ingen forløp"
[columns.over_maal]
unit = "andel"
between = [0, 1]
mangler = "ingen forløp, eller steget har ikke noe måltall"
[columns.over_8]
unit = "forløp"
mangler = "telles bare for dem som venter"
[columns.over_26]
unit = "forløp"
mangler = "telles bare for dem som venter"
[columns.over_52]
unit = "forløp"
mangler = "telles bare for dem som venter"
[columns.over_104]
unit = "forløp"
mangler = "telles bare for dem som venter"
[columns.over_208]
unit = "forløp"
mangler = "telles bare for dem som venter"
[columns.paa_pause]
unit = "forløp"
mangler = "telles bare for dem som venter"
[columns.n_fylker]
unit = "fylker"
mangler = "raden gjelder ett fylke"
[columns.forelopig]
unit = "0 nei, 1 ja"
[[sjekk]]
navn = "fylkene_er_landet"
sql = "select 1 as funn from too_ventetid group by steg, periodetype, periode, populasjon, pauser having sum(case when length(omraade) = 2 then n else 0 end) <> sum(case when omraade = 'landet' then n else 0 end)"
melding = "the counties with 99 do not sum to the nation (C2)"
---*/
-- Goals (tilskuddsregelverket): 8 weeks to assessment, 4 to the team, 4 from team to treatment.
with maanedsslutt as (
    select
        periode,
        til_dato
    from too_periode
    where periodetype = 'maaned'
),

-- A county that is no more has no folder; its rows stand for history.
dagens_fylker as (
    select lpad(cast(fylkesnr as varchar), 2, '0') as fylkesnr
    from fylke
    where struktur = 2024
),

-- Those who wait at the end of any period are those of the month that ends there.
koblet as (
    select
        r.steg,
        r.omraade,
        r.periodetype,
        r.periode,
        r.populasjon,
        r.pauser,
        r.n_fylker,
        r.forelopig,
        case when r.populasjon = 'ventende' then 'maaned' else r.periodetype end as kilde_type,
        case when r.populasjon = 'ventende' then m.periode else r.periode end as kilde_periode
    from too_ramme as r
    inner join maanedsslutt as m on r.til_dato = m.til_dato
)

select
    case when k.omraade = 'landet' then 'alle' else f.fylkesnr end as fylkesnr,
    k.steg,
    k.omraade,
    k.periodetype,
    k.periode,
    k.populasjon,
    k.pauser,
    coalesce(s.n, 0) as n,
    cast(s.sum_dager as double) / s.n as gjennomsnitt,
    s.median,
    s.p80,
    s.p90,
    case k.steg
        when 'm0_m1' then cast(s.n_over_8 as double) / s.n
        when 'm1_m2' then cast(s.n_over_4 as double) / s.n
        when 'm3_m4' then cast(s.n_over_4 as double) / s.n
    end as over_maal,
    case when k.populasjon = 'ventende' then coalesce(s.n_over_8, 0) end as over_8,
    case when k.populasjon = 'ventende' then coalesce(s.n_over_26, 0) end as over_26,
    case when k.populasjon = 'ventende' then coalesce(s.n_over_52, 0) end as over_52,
    case when k.populasjon = 'ventende' then coalesce(s.n_over_104, 0) end as over_104,
    case when k.populasjon = 'ventende' then coalesce(s.n_over_208, 0) end as over_208,
    case when k.populasjon = 'ventende' then coalesce(u.antall, 0) end as paa_pause,
    k.n_fylker,
    k.forelopig,
    case when s.n > 0 then 'vist' else 'mangler' end as status
from koblet as k
left join too_statistikk as s
    on
        k.steg = s.steg
        and k.omraade = s.omraade
        and k.kilde_type = s.periodetype
        and k.kilde_periode = s.periode
        and k.populasjon = s.populasjon
        and k.pauser = s.pauser
left join too_paa_pause as u
    on
        k.steg = u.steg
        and k.omraade = u.omraade
        and k.kilde_periode = u.periode
        and k.populasjon = 'ventende'
left join dagens_fylker as f on k.omraade = f.fylkesnr
order by k.steg, k.omraade, k.periodetype, k.periode, k.populasjon, k.pauser
