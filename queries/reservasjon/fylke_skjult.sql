/*---
title = "Fylker som må skjules, og om de til sammen kan regnes ut"
audience = "arbeid"
grain = ["fylkesnr"]
versjon = 1
[columns.fylkesnr]
unit = "fylkesnummer; 99 ukjent"
[columns.skjult]
unit = "0 nei, 1 ja"
between = [0, 1]
---*/
-- The nation less the counties that are shown is what the hidden ones have together. So a hidden county is never alone:
-- the smallest other one goes with it. Is what they have together no figure that could be shown, all are hidden.
with ordnet as (
    select
        fylkesnr,
        n,
        utrygg,
        sum(utrygg) over () as utrygge,
        row_number() over (order by utrygg desc, case when n > 0 then 0 else 1 end, n, fylkesnr) as nr
    from fylke_sum
),

valgt as (
    select
        fylkesnr,
        case when utrygge > 0 and (utrygg = 1 or nr <= 2) then 1 else 0 end as skjult
    from ordnet
),

leger as (
    select
        l.rekvirent_hpr,
        sum(l.n) as n,
        sum(l.r) as r
    from fylke_lege as l
    inner join valgt as v
        on
            l.fylkesnr = v.fylkesnr
            and v.skjult = 1
    where l.n > 0
    group by l.rekvirent_hpr
),

rangert as (
    select
        n,
        r,
        row_number() over (order by n desc, rekvirent_hpr) as nr_n,
        row_number() over (order by r desc, rekvirent_hpr) as nr_r
    from leger
),

sammen as (
    select
        count(*) as n_leger,
        coalesce(sum(n), 0) as n,
        coalesce(sum(r), 0) as r,
        coalesce(max(case when nr_n = 1 then n end), 0) as storste_n,
        coalesce(max(case when nr_n = 2 then n end), 0) as nest_storste_n,
        coalesce(max(case when nr_r = 1 then r end), 0) as storste_r,
        coalesce(max(case when nr_r = 2 then r end), 0) as nest_storste_r
    from rangert
),

kant as (
    select
        coalesce(sum(k.n_forste), 0) as n_forste,
        coalesce(sum(k.r_forste), 0) as r_forste,
        coalesce(sum(k.n_siste), 0) as n_siste,
        coalesce(sum(k.n_foer), 0) as n_foer,
        coalesce(sum(k.r_foer), 0) as r_foer
    from fylke_kant as k
    inner join valgt as v
        on
            k.fylkesnr = v.fylkesnr
            and v.skjult = 1
),

vurdert as (
    select
        case
            when n = 0 then 0
            when n_leger < $offentlig_leger or n < $offentlig_linjer then 1
            when n_forste = 0 or n_siste = 0 then 1
            when r = 0 and r_foer >= $minste_antall then 1
            when r > 0 and n_foer > 0 and r_foer + r_forste = 0 then 1
            when n = r and n_foer - r_foer >= $minste_antall then 1
            when n > r and n_foer > 0 and n_foer + n_forste = r_foer + r_forste then 1
            when (n - storste_n - nest_storste_n) * 100 < $dominans_prosent * storste_n then 1
            when (r - storste_r - nest_storste_r) * 100 < $dominans_prosent * storste_r then 1
            when r > 0 and r < $minste_antall then 1
            when n - r > 0 and n - r < $minste_antall then 1
            else 0
        end as utrygge_sammen
    from sammen
    cross join kant
)

select
    v.fylkesnr,
    case when s.utrygge_sammen = 1 then 1 else v.skjult end as skjult
from valgt as v
cross join vurdert as s
order by v.fylkesnr
