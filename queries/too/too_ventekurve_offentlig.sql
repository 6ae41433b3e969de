/*---
title = "Hvor stor andel som har nådd neste steg, uke for uke, hele landet, åpne tall"
audience = "offentlig"
grain = ["steg", "omraade", "periodetype", "periode", "uker"]
dimensjoner = ["steg", "omraade", "periodetype", "periode", "uker", "n_fylker", "forelopig"]
versjon = 1
kan_vaere_tom = "ingen hele år eller tertialer er levert ennå"
[columns.uker]
unit = "uker siden ventingen begynte"
[columns.n_minst]
unit = "forløp, rundet ned til hele tiere"
grunnlag = true
mangler = "punktet vises ikke"
[columns.andel_naadd]
unit = "andel"
between = [0, 1]
mangler = "punktet vises ikke"
[columns.nedre]
unit = "andel"
between = [0, 1]
mangler = "punktet vises ikke, eller ingen har nådd steget"
[columns.ovre]
unit = "andel"
between = [0, 1]
mangler = "punktet vises ikke, eller ingen har nådd steget"
[columns.andel_andre]
unit = "andel"
between = [0, 1]
mangler = "punktet vises ikke"
[columns.n_fylker]
unit = "fylker"
dekning = true
[columns.forelopig]
unit = "0 nei, 1 ja"
---*/
-- C9: up to the last point with at least 10 at risk, and from one shown point to the next 0 or at least 5 who reached the
-- step, and 0 or at least 5 who left; a point between that would part them is left out. Below the nation hardly any
-- interval has 5 who left, and the counties' curves would give each other's hidden points back: they are the counties' own.
-- A year is the sum of its tertials: it has the points that all three have, and none where other counties count in it.
--
-- Points tell how many began to wait: none is shown of a period in which others that follow from it are few (too_rest).
-- For the team and for anaesthesia they are in nearly every tertial, so these have years alone. How many of a year's
-- referred have been assessed, or treated, at all stands in too_gjennomforing_offentlig: a point that leaves 1 to 4 of
-- them is left out, in its tertials too.
with recursive landet as (
    select
        k.steg,
        k.omraade,
        k.periodetype,
        k.periode,
        substr(k.periode, 1, 4) as aar,
        k.uker,
        cast(
            row_number() over (partition by k.steg, k.periodetype, k.periode order by k.uker) as bigint
        ) as nr,
        k.n,
        k.i_fare,
        k.naadd,
        k.andre,
        k.andel_naadd,
        k.nedre,
        k.ovre,
        k.andel_andre,
        k.n_fylker,
        k.forelopig,
        case when k.steg in ('m1_m2', 'narkose') then 'aar' else 'tertial' end as deles_i,
        r.smaa
    from too_ventekurve as k
    inner join too_rest as r
        on
            k.steg = r.steg
            and k.omraade = r.omraade
            and k.periodetype = r.periodetype
            and k.periode = r.periode
    where k.omraade = 'landet'
),

-- Those who came later than a point.
sene as (
    select
        l.steg,
        l.aar,
        l.nr
    from landet as l
    inner join too_gjennomforing as g
        on
            l.omraade = g.omraade
            and l.periode = g.kohort
    where
        l.periodetype = 'aar'
        and (
            (l.steg = 'm0_m1' and g.naadd_m1 > l.naadd and g.naadd_m1 - l.naadd < $minste_antall)
            or (l.steg = 'm0_m4' and g.naadd_m4 > l.naadd and g.naadd_m4 - l.naadd < $minste_antall)
        )
),

-- From the start (0) or a point to each later one that may follow it.
fra as (
    select
        steg,
        periode,
        nr,
        naadd,
        andre
    from landet
    where periodetype = deles_i
    union all
    select
        steg,
        periode,
        0 as nr,
        0 as naadd,
        0 as andre
    from landet
    where
        periodetype = deles_i
        and nr = 1
),

neste as (
    select
        f.steg,
        f.periode,
        f.nr,
        min(l.nr) as neste_nr
    from fra as f
    inner join landet as l
        on
            f.steg = l.steg
            and f.periode = l.periode
            and f.nr < l.nr
    left join sene as s
        on
            l.steg = s.steg
            and l.aar = s.aar
            and l.nr = s.nr
    where
        l.i_fare >= $kurve_i_fare
        and (l.naadd = f.naadd or l.naadd - f.naadd >= $minste_antall)
        and (l.andre = f.andre or l.andre - f.andre >= $minste_antall)
        and l.smaa = 0
        and s.nr is null
    group by f.steg, f.periode, f.nr
),

punkter as (
    select
        steg,
        periode,
        neste_nr as nr
    from neste
    where nr = 0
    union all
    select
        n.steg,
        n.periode,
        n.neste_nr as nr
    from punkter as p
    inner join neste as n
        on
            p.steg = n.steg
            and p.periode = n.periode
            and p.nr = n.nr
),

per_aar as (
    select
        l.steg,
        l.aar,
        l.nr,
        sum(case when p.nr is null then 0 else 1 end) as antall,
        min(l.n_fylker) as fra_fylker,
        max(l.n_fylker) as til_fylker
    from landet as l
    left join punkter as p
        on
            l.steg = p.steg
            and l.periode = p.periode
            and l.nr = p.nr
    where l.periodetype = 'tertial'
    group by l.steg, l.aar, l.nr
),

merket as (
    select
        l.steg,
        l.omraade,
        l.periodetype,
        l.periode,
        l.uker,
        l.n,
        l.andel_naadd,
        l.nedre,
        l.ovre,
        l.andel_andre,
        l.n_fylker,
        l.forelopig,
        case
            when l.periodetype = l.deles_i then case when p.nr is null then 0 else 1 end
            when l.periodetype = 'tertial' or l.smaa = 1 then 0
            when a.antall = 3 and a.fra_fylker = l.n_fylker and a.til_fylker = l.n_fylker then 1
            else 0
        end as vises
    from landet as l
    left join punkter as p
        on
            l.steg = p.steg
            and l.periode = p.periode
            and l.nr = p.nr
    left join per_aar as a
        on
            l.steg = a.steg
            and l.aar = a.aar
            and l.nr = a.nr
)

select
    steg,
    omraade,
    periodetype,
    periode,
    uker,
    case when vises = 1 then n / 10 * 10 end as n_minst,
    case when vises = 1 then andel_naadd end as andel_naadd,
    case when vises = 1 then nedre end as nedre,
    case when vises = 1 then ovre end as ovre,
    case when vises = 1 then andel_andre end as andel_andre,
    n_fylker,
    forelopig,
    case when vises = 1 then 'vist' else 'skjult' end as status
from merket
order by steg, omraade, periodetype, periode, uker
