/*---
title = "Trakten: hvor mye legene varierer utover tilfeldighet"
audience = "arbeid"
grain = ["vindu"]
versjon = 1
[columns.vindu]
unit = "1 siste 12 måneder, 2 de 12 månedene før"
between = [1, 2]
[columns.m]
unit = "leger"
[columns.phi]
unit = "forholdstall"
[columns.tau2]
unit = "forholdstall"
mangler = "bare én lege kan sammenlignes"
---*/
-- B7. Spiegelhalter (2005), Statistics in Medicine 24, 1185-1202: overdispersion of winsorised z-scores on the scale of
-- the square root, taken in as an additive variance between doctors. Sums are of integers of 10⁻¹² (M3).
with punkter as (
    select
        vindu,
        rekvirent_hpr,
        4 * forventet as w,
        (sqrt(cast(r as double) / forventet) - 1) * 2 * sqrt(forventet) as v
    from trakt_lege
),

rangert as (
    select
        vindu,
        v,
        w,
        row_number() over (partition by vindu order by v, rekvirent_hpr) as rang,
        count(*) over (partition by vindu) as m
    from punkter
),

kanter as (
    select
        vindu,
        max(case when rang = (10 * m + 99) / 100 then v end) as p10,
        max(case when rang = (90 * m + 99) / 100 then v end) as p90
    from rangert
    group by vindu
),

klippet as (
    select
        r.vindu,
        r.w,
        least(greatest(r.v, k.p10), k.p90) as v
    from rangert as r
    inner join kanter as k on r.vindu = k.vindu
),

summer as (
    select
        vindu,
        count(*) as m,
        cast(sum(cast(round(v * v * 1e12) as decimal(38, 0))) as double) / 1e12 as v2,
        cast(sum(cast(round(w * 1e12) as decimal(38, 0))) as double) / 1e12 as w1,
        cast(sum(cast(round(w * w * 1e12) as decimal(38, 0))) as double) / 1e12 as w2
    from klippet
    group by vindu
)

select
    vindu,
    m,
    v2 / nullif(m, 0) as phi,
    case when m > 1 then greatest(0.0, (v2 - (m - 1)) / nullif(w1 - w2 / nullif(w1, 0), 0)) end as tau2
from summer
order by vindu
