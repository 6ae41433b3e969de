/*---
title = "Ventetidsstatistikk der noen venter"
audience = "arbeid"
grain = ["steg", "omraade", "periodetype", "periode", "populasjon", "pauser"]
versjon = 1
[columns.n]
unit = "forløp"
[columns.sum_dager]
unit = "dager"
[columns.median]
unit = "dager"
[columns.p80]
unit = "dager"
[columns.p90]
unit = "dager"
[columns.n_over_4]
unit = "forløp"
[columns.n_over_8]
unit = "forløp"
[columns.n_over_26]
unit = "forløp"
[columns.n_over_52]
unit = "forløp"
[columns.n_over_104]
unit = "forløp"
[columns.n_over_208]
unit = "forløp"
---*/
-- Each wait counts twice, with and without pauses, in its county, its region and the nation. Cells go by their number: two
-- million rows are grouped and sorted several times as fast by two whole numbers as by six texts.
-- A1: week limits in days, over is more than. A3: percentile k is the value of rank (k·n + 99) / 100: the first
-- number of days by which so many have been counted.
with celler as (
    select
        r.celle,
        r.steg,
        r.periodetype,
        r.periode,
        r.populasjon,
        r.pauser,
        o.fylkesnr
    from too_ramme as r
    inner join too_omraade as o
        on
            r.periodetype = o.periodetype
            and r.periode = o.periode
            and r.omraade = o.omraade
),

begge as (
    select
        steg,
        periodetype,
        periode,
        populasjon,
        fylkesnr,
        unnest(make_array('med', 'uten')) as pauser,
        unnest(make_array(cast(dager as bigint), cast(dager_uten as bigint))) as dager
    from too_maaling_periode
),

fordeling as (
    select
        c.celle,
        b.dager,
        count(*) as antall
    from begge as b
    inner join celler as c
        on
            b.steg = c.steg
            and b.periodetype = c.periodetype
            and b.periode = c.periode
            and b.populasjon = c.populasjon
            and b.pauser = c.pauser
            and b.fylkesnr = c.fylkesnr
    group by c.celle, b.dager
),

loepende as (
    select
        celle,
        dager,
        antall,
        sum(antall) over (
            partition by celle
            order by dager rows between unbounded preceding and current row
        ) as hittil,
        sum(antall) over (partition by celle) as n
    from fordeling
),

tall as (
    select
        celle,
        sum(antall) as n,
        sum(antall * dager) as sum_dager,
        min(case when hittil >= (50 * n + 99) / 100 then dager end) as median,
        min(case when hittil >= (80 * n + 99) / 100 then dager end) as p80,
        min(case when hittil >= (90 * n + 99) / 100 then dager end) as p90,
        sum(case when dager > 28 then antall else 0 end) as n_over_4,
        sum(case when dager > 56 then antall else 0 end) as n_over_8,
        sum(case when dager > 182 then antall else 0 end) as n_over_26,
        sum(case when dager > 364 then antall else 0 end) as n_over_52,
        sum(case when dager > 728 then antall else 0 end) as n_over_104,
        sum(case when dager > 1456 then antall else 0 end) as n_over_208
    from loepende
    group by celle
)

select
    r.steg,
    r.omraade,
    r.periodetype,
    r.periode,
    r.populasjon,
    r.pauser,
    t.n,
    t.sum_dager,
    t.median,
    t.p80,
    t.p90,
    t.n_over_4,
    t.n_over_8,
    t.n_over_26,
    t.n_over_52,
    t.n_over_104,
    t.n_over_208
from tall as t
inner join too_ramme as r on t.celle = r.celle
order by r.steg, r.omraade, r.periodetype, r.periode, r.populasjon, r.pauser
