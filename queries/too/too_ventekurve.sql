/*---
title = "Hvor stor andel som har nådd neste steg, uke for uke etter at ventingen begynte"
audience = "fylke"
grain = ["steg", "omraade", "periodetype", "periode", "uker"]
mappe = "fylkesnr"
versjon = 1
kan_vaere_tom = "ingen hele år eller tertialer er levert ennå"
[columns.fylkesnr]
mangler = "raden gjelder et tidligere fylke eller ukjent fylke og ligger ikke i noen mappe"
[columns.uker]
unit = "uker siden ventingen begynte"
[columns.n]
unit = "forløp"
[columns.i_fare]
unit = "forløp som fortsatt ventet og var fulgt så lenge"
[columns.naadd]
unit = "forløp"
[columns.andre]
unit = "forløp avsluttet eller hoppet over"
[columns.andel_naadd]
unit = "andel"
between = [0, 1]
mangler = "ingen i kohorten er fulgt så lenge"
[columns.nedre]
unit = "andel"
between = [0, 1]
mangler = "ingen eller alle har nådd steget, eller ingen er fulgt så lenge"
[columns.ovre]
unit = "andel"
between = [0, 1]
mangler = "ingen eller alle har nådd steget, eller ingen er fulgt så lenge"
[columns.andel_andre]
unit = "andel"
between = [0, 1]
mangler = "ingen i kohorten er fulgt så lenge"
[columns.andel_venter]
unit = "andel"
between = [0, 1]
mangler = "ingen i kohorten er fulgt så lenge"
[columns.n_fylker]
unit = "fylker"
mangler = "raden gjelder ett fylke"
[columns.forelopig]
unit = "0 nei, 1 ja"
[[sjekk]]
navn = "andelene_er_alle"
sql = "select 1 as funn from too_ventekurve where abs(andel_naadd + andel_andre + andel_venter - 1) > 1e-9"
melding = "those who reached the step, those who left and those who wait are not all of the cohort (C8)"
---*/
-- C8: 95 % limits on the log(−log) scale, F₁^exp(±z·√V / (F₁·ln F₁)). z is the normal quantile whose first digits are
-- 1.959964 (B6). Nobody and everybody have no limits, also where a bit of either is left by rounding. The county's own figures are whole; what of it is public: too_ventekurve_offentlig.
with dagens_fylker as (
    select lpad(cast(fylkesnr as varchar), 2, '0') as fylkesnr
    from fylke
    where struktur = 2024
),

fylker as (
    select
        periodetype,
        periode,
        sum(case when fylkesnr = 99 then 0 else 1 end) as n_fylker
    from too_omraade
    where omraade = 'landet'
    group by periodetype, periode
),

grenser as (
    select
        steg,
        omraade,
        periodetype,
        periode,
        uker,
        n,
        i_fare,
        naadd,
        andre,
        igjen,
        andel_naadd,
        andel_andre,
        case
            when andel_naadd > 1e-12 and andel_naadd < 1 - 1e-12 and varians > 0
                then 1.959963984540054 * sqrt(varians) / (andel_naadd * ln(andel_naadd))
        end as bredde
    from too_ventekurve_punkt
)

select
    case when g.omraade = 'landet' then 'alle' else f.fylkesnr end as fylkesnr,
    g.steg,
    g.omraade,
    g.periodetype,
    g.periode,
    g.uker,
    g.n,
    g.i_fare,
    g.naadd,
    g.andre,
    g.andel_naadd,
    power(g.andel_naadd, exp(-g.bredde)) as nedre,
    power(g.andel_naadd, exp(g.bredde)) as ovre,
    g.andel_andre,
    g.igjen as andel_venter,
    case when g.omraade = 'landet' then l.n_fylker end as n_fylker,
    p.forelopig,
    case when g.andel_naadd is null then 'mangler' else 'vist' end as status
from grenser as g
inner join too_periode as p
    on
        g.periodetype = p.periodetype
        and g.periode = p.periode
inner join fylker as l
    on
        g.periodetype = l.periodetype
        and g.periode = l.periode
left join dagens_fylker as f on g.omraade = f.fylkesnr
order by g.steg, g.omraade, g.periodetype, g.periode, g.uker
