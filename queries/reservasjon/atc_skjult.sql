/*---
title = "Virkestoff som må skjules, så ingen kan regnes ut av de andre"
audience = "arbeid"
grain = ["vindu", "atc"]
versjon = 1
[columns.vindu]
unit = "1 siste 12 måneder, 2 de 12 månedene før"
between = [1, 2]
[columns.skjult]
unit = "0 nei, 1 ja"
between = [0, 1]
---*/
-- The nation less the substances that are shown is what the hidden ones have together. So a hidden one is never alone: the
-- smallest other goes with it. Is what they have together no figure that could be shown, all are hidden.
with ordnet as (
    select
        vindu,
        atc,
        utrygg,
        sum(utrygg) over (partition by vindu) as utrygge,
        row_number() over (
            partition by vindu
            order by utrygg desc, case when n > 0 then 0 else 1 end, n, atc
        ) as nr
    from atc_tall
),

valgt as (
    select
        vindu,
        atc,
        case when utrygge > 0 and (utrygg = 1 or nr <= 2) then 1 else 0 end as skjult
    from ordnet
),

leger as (
    select
        l.vindu,
        l.rekvirent_hpr,
        sum(l.n) as n,
        sum(l.r) as r,
        sum(l.merutgift_ore) as merutgift_ore
    from lege_atc as l
    inner join valgt as v
        on
            l.vindu = v.vindu
            and l.atc = v.atc
            and v.skjult = 1
    group by l.vindu, l.rekvirent_hpr
),

rangert as (
    select
        vindu,
        n,
        r,
        merutgift_ore,
        row_number() over (partition by vindu order by n desc, rekvirent_hpr) as nr_n,
        row_number() over (partition by vindu order by r desc, rekvirent_hpr) as nr_r,
        row_number() over (partition by vindu order by merutgift_ore desc, rekvirent_hpr) as nr_kr
    from leger
),

sammen as (
    select
        vindu,
        sum(case when n > 0 then 1 else 0 end) as n_leger,
        sum(n) as n,
        sum(r) as r,
        sum(merutgift_ore) as ore,
        max(case when nr_n = 1 then n else 0 end) as storste_n,
        max(case when nr_n = 2 then n else 0 end) as nest_storste_n,
        max(case when nr_r = 1 then r else 0 end) as storste_r,
        max(case when nr_r = 2 then r else 0 end) as nest_storste_r,
        max(case when nr_kr = 1 then merutgift_ore else 0 end) as storste_ore,
        max(case when nr_kr = 2 then merutgift_ore else 0 end) as nest_storste_ore
    from rangert
    group by vindu
),

kant as (
    select
        k.vindu,
        sum(k.n_forste) as n_forste,
        sum(k.r_forste) as r_forste,
        sum(k.ore_forste) as ore_forste,
        sum(k.n_siste) as n_siste,
        sum(k.n_foer) as n_foer,
        sum(k.r_foer) as r_foer,
        sum(k.ore_foer) as ore_foer
    from byttegruppe_kant as k
    left join byttegruppe_atc as a
        on
            k.vindu = a.vindu
            and k.byttegruppe = a.byttegruppe
    inner join valgt as v
        on
            k.vindu = v.vindu
            and coalesce(a.atc, 'uten_atc') = v.atc
            and v.skjult = 1
    group by k.vindu
),

vurdert as (
    select
        s.vindu,
        case
            when n_leger < $offentlig_leger or n < $offentlig_linjer then 1
            when n_forste = 0 or n_siste = 0 then 1
            when r = 0 and r_foer >= $minste_antall then 1
            when r > 0 and n_foer > 0 and r_foer + r_forste = 0 then 1
            when n = r and n_foer - r_foer >= $minste_antall then 1
            when n > r and n_foer > 0 and n_foer + n_forste = r_foer + r_forste then 1
            when ore < 50 and ore_foer >= 50 then 1
            when ore >= 50 and n_foer > 0 and ore_foer + ore_forste < 50 then 1
            when (n - storste_n - nest_storste_n) * 100 < $dominans_prosent * storste_n then 1
            when (r - storste_r - nest_storste_r) * 100 < $dominans_prosent * storste_r then 1
            when (ore - storste_ore - nest_storste_ore) * 100 < $dominans_prosent * storste_ore then 1
            when r > 0 and r < $minste_antall then 1
            when n - r > 0 and n - r < $minste_antall then 1
            else 0
        end as utrygge_sammen
    from sammen as s
    inner join kant as k on s.vindu = k.vindu
)

select
    v.vindu,
    v.atc,
    case when coalesce(s.utrygge_sammen, 0) = 1 then 1 else v.skjult end as skjult
from valgt as v
left join vurdert as s on v.vindu = s.vindu
order by v.vindu, v.atc
