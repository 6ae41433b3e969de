/*---
title = "Landets tall i vinduet, med merutgift"
audience = "arbeid"
grain = ["vindu"]
versjon = 1
[columns.vindu]
unit = "1 siste 12 måneder, 2 de 12 månedene før"
between = [1, 2]
[columns.n_leger]
unit = "leger"
[columns.n]
unit = "forskrivninger, eller utleveringer når nummer mangler"
[columns.r]
unit = "som n, reservert av legen"
[columns.merutgift_kr]
unit = "kr"
[columns.storste_n]
unit = "som n"
[columns.nest_storste_n]
unit = "som n"
[columns.storste_r]
unit = "som n"
[columns.nest_storste_r]
unit = "som n"
[columns.storste_merutgift_kr]
unit = "kr"
[columns.nest_storste_merutgift_kr]
unit = "kr"
[columns.utrygg]
unit = "0 nei, 1 ja"
between = [0, 1]
---*/
-- D1 and D7 of the nation as a whole: hidden only where nearly nobody has delivered.
with leger as (
    select
        vindu,
        rekvirent_hpr,
        sum(n) as n,
        sum(r) as r,
        sum(merutgift_ore) as merutgift_ore
    from lege_gruppe
    group by vindu, rekvirent_hpr
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

talt as (
    select
        vindu,
        sum(case when n > 0 then 1 else 0 end) as n_leger,
        sum(n) as n,
        sum(r) as r,
        (sum(merutgift_ore) + 50) / 100 as merutgift_kr,
        max(case when nr_n = 1 then n else 0 end) as storste_n,
        max(case when nr_n = 2 then n else 0 end) as nest_storste_n,
        max(case when nr_r = 1 then r else 0 end) as storste_r,
        max(case when nr_r = 2 then r else 0 end) as nest_storste_r,
        (max(case when nr_kr = 1 then merutgift_ore else 0 end) + 50) / 100 as storste_merutgift_kr,
        (max(case when nr_kr = 2 then merutgift_ore else 0 end) + 50) / 100 as nest_storste_merutgift_kr
    from rangert
    group by vindu
)

select
    vindu,
    n_leger,
    n,
    r,
    merutgift_kr,
    storste_n,
    nest_storste_n,
    storste_r,
    nest_storste_r,
    storste_merutgift_kr,
    nest_storste_merutgift_kr,
    case
        when n = 0 and merutgift_kr = 0 then 0
        when n_leger < $offentlig_leger or n < $offentlig_linjer then 1
        when (n - storste_n - nest_storste_n) * 100 < $dominans_prosent * storste_n then 1
        when (r - storste_r - nest_storste_r) * 100 < $dominans_prosent * storste_r then 1
        when
            (merutgift_kr - storste_merutgift_kr - nest_storste_merutgift_kr) * 100
            < $dominans_prosent * storste_merutgift_kr
            then 1
        when r > 0 and r < $minste_antall then 1
        when n - r > 0 and n - r < $minste_antall then 1
        else 0
    end as utrygg
from talt
order by vindu
