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
-- A1: week limits in days, over is more than. A3: percentile k is the value of rank (k·n + 99) / 100: the first
-- number of days by which so many have been counted.
with talt as (
    select
        steg,
        omraade,
        periodetype,
        periode,
        populasjon,
        pauser,
        sum(antall) as n
    from too_fordeling
    group by steg, omraade, periodetype, periode, populasjon, pauser
),

loepende as (
    select
        steg,
        omraade,
        periodetype,
        periode,
        populasjon,
        pauser,
        dager,
        antall,
        sum(antall) over (
            partition by steg, omraade, periodetype, periode, populasjon, pauser
            order by dager rows between unbounded preceding and current row
        ) as hittil
    from too_fordeling
)

select
    f.steg,
    f.omraade,
    f.periodetype,
    f.periode,
    f.populasjon,
    f.pauser,
    sum(f.antall) as n,
    sum(f.antall * f.dager) as sum_dager,
    min(case when f.hittil >= (50 * t.n + 99) / 100 then f.dager end) as median,
    min(case when f.hittil >= (80 * t.n + 99) / 100 then f.dager end) as p80,
    min(case when f.hittil >= (90 * t.n + 99) / 100 then f.dager end) as p90,
    sum(case when f.dager > 28 then f.antall else 0 end) as n_over_4,
    sum(case when f.dager > 56 then f.antall else 0 end) as n_over_8,
    sum(case when f.dager > 182 then f.antall else 0 end) as n_over_26,
    sum(case when f.dager > 364 then f.antall else 0 end) as n_over_52,
    sum(case when f.dager > 728 then f.antall else 0 end) as n_over_104,
    sum(case when f.dager > 1456 then f.antall else 0 end) as n_over_208
from loepende as f
inner join talt as t
    on
        f.steg = t.steg
        and f.omraade = t.omraade
        and f.periodetype = t.periodetype
        and f.periode = t.periode
        and f.populasjon = t.populasjon
        and f.pauser = t.pauser
group by f.steg, f.omraade, f.periodetype, f.periode, f.populasjon, f.pauser
order by f.steg, f.omraade, f.periodetype, f.periode, f.populasjon, f.pauser
