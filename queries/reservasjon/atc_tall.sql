/*---
title = "Virkestoffets tall i vinduet (ATC-nivå 5), og om de kan vises for seg"
audience = "arbeid"
grain = ["vindu", "atc"]
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
[columns.potensial_kr]
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
[columns.storste_potensial_kr]
unit = "kr"
[columns.nest_storste_potensial_kr]
unit = "kr"
[columns.utrygg]
unit = "0 nei, 1 ja"
between = [0, 1]
---*/
-- B11: potential = merutgift · max(0, 1 − p̄ / p), where 1 − p̄ / p = (r · N − n · R) / (r · N) by whole numbers.
-- D1 and D7, for a row as a whole: `utrygg` says that it could not be shown even if it were alone. Kroner without a
-- prescription in the window are repeats of earlier ones: nobody knows of how many doctors, so they are not shown. What the edge of the
-- window has to do with it, `byttegruppe_kant` says.
with rangert as (
    select
        vindu,
        atc,
        n,
        r,
        merutgift_ore,
        row_number() over (partition by vindu, atc order by n desc, rekvirent_hpr) as nr_n,
        row_number() over (partition by vindu, atc order by r desc, rekvirent_hpr) as nr_r,
        row_number() over (partition by vindu, atc order by merutgift_ore desc, rekvirent_hpr) as nr_kr
    from lege_atc
),

talt as (
    select
        vindu,
        atc,
        sum(case when n > 0 then 1 else 0 end) as n_leger,
        sum(n) as n,
        sum(r) as r,
        sum(merutgift_ore) as merutgift_ore,
        max(case when nr_n = 1 then n else 0 end) as storste_n,
        max(case when nr_n = 2 then n else 0 end) as nest_storste_n,
        max(case when nr_r = 1 then r else 0 end) as storste_r,
        max(case when nr_r = 2 then r else 0 end) as nest_storste_r,
        max(case when nr_kr = 1 then merutgift_ore else 0 end) as storste_merutgift_ore,
        max(case when nr_kr = 2 then merutgift_ore else 0 end) as nest_storste_merutgift_ore
    from rangert
    group by vindu, atc
),

landet as (
    select
        vindu,
        sum(n) as n,
        sum(r) as r
    from lege_sum
    group by vindu
),

med_andel as (
    select
        t.vindu,
        t.atc,
        t.n_leger,
        t.n,
        t.r,
        t.merutgift_ore,
        t.storste_n,
        t.nest_storste_n,
        t.storste_r,
        t.nest_storste_r,
        t.storste_merutgift_ore,
        t.nest_storste_merutgift_ore,
        greatest(
            0.0,
            coalesce(
                cast(t.r * l.n - t.n * l.r as double) / nullif(cast(t.r as double) * cast(l.n as double), 0), 0.0
            )
        ) as andel
    from talt as t
    inner join landet as l on t.vindu = l.vindu
),

med_potensial as (
    select
        vindu,
        atc,
        n_leger,
        n,
        r,
        (merutgift_ore + 50) / 100 as merutgift_kr,
        cast(round(merutgift_ore * andel / 100) as bigint) as potensial_kr,
        storste_n,
        nest_storste_n,
        storste_r,
        nest_storste_r,
        (storste_merutgift_ore + 50) / 100 as storste_merutgift_kr,
        (nest_storste_merutgift_ore + 50) / 100 as nest_storste_merutgift_kr,
        cast(round(storste_merutgift_ore * andel / 100) as bigint) as storste_potensial_kr,
        cast(round(nest_storste_merutgift_ore * andel / 100) as bigint) as nest_storste_potensial_kr
    from med_andel
),

kant as (
    select
        k.vindu,
        coalesce(a.atc, 'uten_atc') as atc,
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
    group by k.vindu, coalesce(a.atc, 'uten_atc')
)

select
    p.vindu,
    p.atc,
    p.n_leger,
    p.n,
    p.r,
    p.merutgift_kr,
    p.potensial_kr,
    p.storste_n,
    p.nest_storste_n,
    p.storste_r,
    p.nest_storste_r,
    p.storste_merutgift_kr,
    p.nest_storste_merutgift_kr,
    p.storste_potensial_kr,
    p.nest_storste_potensial_kr,
    case
        when p.n = 0 and p.merutgift_kr = 0 then 0
        when p.n_leger < $offentlig_leger or p.n < $offentlig_linjer then 1
        when k.n_forste = 0 or k.n_siste = 0 then 1
        when p.r = 0 and k.r_foer >= $minste_antall then 1
        when p.r > 0 and k.n_foer > 0 and k.r_foer + k.r_forste = 0 then 1
        when p.n = p.r and k.n_foer - k.r_foer >= $minste_antall then 1
        when p.n > p.r and k.n_foer > 0 and k.n_foer + k.n_forste = k.r_foer + k.r_forste then 1
        when p.merutgift_kr = 0 and k.ore_foer >= 50 then 1
        when p.merutgift_kr > 0 and k.n_foer > 0 and k.ore_foer + k.ore_forste < 50 then 1
        when (p.n - p.storste_n - p.nest_storste_n) * 100 < $dominans_prosent * p.storste_n then 1
        when (p.r - p.storste_r - p.nest_storste_r) * 100 < $dominans_prosent * p.storste_r then 1
        when
            (p.merutgift_kr - p.storste_merutgift_kr - p.nest_storste_merutgift_kr) * 100
            < $dominans_prosent * p.storste_merutgift_kr
            then 1
        when
            (p.potensial_kr - p.storste_potensial_kr - p.nest_storste_potensial_kr) * 100
            < $dominans_prosent * p.storste_potensial_kr
            then 1
        when p.r > 0 and p.r < $minste_antall then 1
        when p.n - p.r > 0 and p.n - p.r < $minste_antall then 1
        else 0
    end as utrygg
from med_potensial as p
inner join kant as k
    on
        p.vindu = k.vindu
        and p.atc = k.atc
order by p.vindu, p.atc
