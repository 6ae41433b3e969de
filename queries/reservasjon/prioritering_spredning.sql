/*---
title = "Spredning mellom leger i et virkestoff eller en byttegruppe"
audience = "arbeid"
grain = ["nivaa", "kode"]
versjon = 1
[columns.m]
unit = "leger"
[columns.tau2]
unit = "forholdstall"
---*/
-- B11: τ² by B7, where enough doctors have enough to expect. Sums are of integers of 10⁻¹² (M3).
with punkter as (
    select
        nivaa,
        kode,
        rekvirent_hpr,
        4 * forventet as w,
        (sqrt(cast(r as double) / forventet) - 1) * 2 * sqrt(forventet) as v
    from prioritering_punkt
),

rangert as (
    select
        nivaa,
        kode,
        v,
        w,
        row_number() over (partition by nivaa, kode order by v, rekvirent_hpr) as rang,
        count(*) over (partition by nivaa, kode) as m
    from punkter
),

nok as (
    select
        nivaa,
        kode,
        v,
        w,
        max(case when rang = (10 * m + 99) / 100 then v end) over (partition by nivaa, kode) as p10,
        max(case when rang = (90 * m + 99) / 100 then v end) over (partition by nivaa, kode) as p90
    from rangert
    where
        m >= $spredning_leger
        and m > 1
),

summer as (
    select
        nivaa,
        kode,
        count(*) as m,
        cast(
            sum(cast(round(power(least(greatest(v, p10), p90), 2) * 1e12) as decimal(38, 0))) as double
        ) / 1e12 as v2,
        cast(sum(cast(round(w * 1e12) as decimal(38, 0))) as double) / 1e12 as w1,
        cast(sum(cast(round(w * w * 1e12) as decimal(38, 0))) as double) / 1e12 as w2
    from nok
    group by nivaa, kode
)

select
    nivaa,
    kode,
    m,
    greatest(0.0, (v2 - (m - 1)) / (w1 - w2 / w1)) as tau2
from summer
order by nivaa, kode
