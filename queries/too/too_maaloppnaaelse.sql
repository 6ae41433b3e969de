/*---
title = "Andel innen målet og median ventetid for alle som begynte å vente"
audience = "fylke"
grain = ["steg", "omraade", "periodetype", "periode"]
mappe = "fylkesnr"
versjon = 1
kan_vaere_tom = "ingen hele år eller tertialer er levert ennå"
[columns.fylkesnr]
mangler = "raden gjelder et tidligere fylke eller ukjent fylke og ligger ikke i noen mappe"
[columns.n]
unit = "forløp"
[columns.maal]
unit = "uker"
mangler = "steget har ikke noe måltall"
[columns.naadd_innen_maal]
unit = "forløp"
mangler = "steget har ikke noe måltall"
[columns.innen_maal]
unit = "andel"
between = [0, 1]
mangler = "steget har ikke noe måltall, eller ingen er fulgt så lenge"
[columns.nedre]
unit = "andel"
between = [0, 1]
mangler = "steget har ikke noe måltall, eller ingen eller alle er innen målet"
[columns.ovre]
unit = "andel"
between = [0, 1]
mangler = "steget har ikke noe måltall, eller ingen eller alle er innen målet"
[columns.median]
unit = "dager"
mangler = "ikke nådd: færre enn halvparten har nådd steget så langt"
[columns.median_naadd]
unit = "0 nei, 1 ja"
[columns.n_fylker]
unit = "fylker"
mangler = "raden gjelder ett fylke"
[columns.forelopig]
unit = "0 nei, 1 ja"
[[avstemming]]
navn = "fylkene_er_landet"
sql = "select 1 as funn from too_maaloppnaaelse where periodetype = 'aar' group by steg, periode having sum(case when omraade = 'landet' then 0 else n end) <> sum(case when omraade = 'landet' then n else 0 end)"
melding = "the counties' cohorts with 99 do not sum to the nation's (C2)"
---*/
-- C8: the headline goal figure is F₁ at the goal (tilskuddsregelverket: 8 weeks to assessment, 4 to the team, 4 from team
-- to treatment): everybody who began to wait counts, also those who wait still. The median is the first day with F₁ ≥ 0.5.
with kohorter as (
    select
        steg,
        omraade,
        periodetype,
        periode,
        max(n) as n,
        max(median) as median,
        max(case steg when 'm0_m1' then 8 when 'm1_m2' then 4 when 'm3_m4' then 4 end) as maal
    from too_ventekurve_punkt
    group by steg, omraade, periodetype, periode
)

select
    v.fylkesnr,
    k.steg,
    k.omraade,
    k.periodetype,
    k.periode,
    k.n,
    k.maal,
    case when k.maal is not null then v.naadd end as naadd_innen_maal,
    case when k.maal is not null then v.andel_naadd end as innen_maal,
    case when k.maal is not null then v.nedre end as nedre,
    case when k.maal is not null then v.ovre end as ovre,
    k.median,
    case when k.median is null then 0 else 1 end as median_naadd,
    v.n_fylker,
    v.forelopig,
    'vist' as status
from kohorter as k
inner join too_ventekurve as v
    on
        k.steg = v.steg
        and k.omraade = v.omraade
        and k.periodetype = v.periodetype
        and k.periode = v.periode
        and v.uker = coalesce(k.maal, 8)
order by k.steg, k.omraade, k.periodetype, k.periode
