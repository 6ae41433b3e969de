/*---
title = "Fylkets tall, siste 12 måneder, og om de kan vises for seg"
audience = "arbeid"
grain = ["fylkesnr"]
versjon = 1
[columns.fylkesnr]
unit = "fylkesnummer; 99 ukjent"
[columns.n_leger]
unit = "leger"
[columns.n]
unit = "forskrivninger, eller utleveringer når nummer mangler"
[columns.r]
unit = "som n, reservert av legen"
[columns.storste_n]
unit = "som n"
[columns.nest_storste_n]
unit = "som n"
[columns.storste_r]
unit = "som n"
[columns.nest_storste_r]
unit = "som n"
[columns.utrygg]
unit = "0 nei, 1 ja"
between = [0, 1]
---*/
-- D1 and D7, for a row as a whole. Every county of the structure has a row, also one without a line, and so has 99.
-- What the edge of the window has to do with it (D5), `byttegruppe_kant` says.
with rangert as (
    select
        fylkesnr,
        n,
        r,
        row_number() over (partition by fylkesnr order by n desc, rekvirent_hpr) as nr_n,
        row_number() over (partition by fylkesnr order by r desc, rekvirent_hpr) as nr_r
    from fylke_lege
    where n > 0
),

talt as (
    select
        fylkesnr,
        count(*) as n_leger,
        sum(n) as n,
        sum(r) as r,
        max(case when nr_n = 1 then n else 0 end) as storste_n,
        max(case when nr_n = 2 then n else 0 end) as nest_storste_n,
        max(case when nr_r = 1 then r else 0 end) as storste_r,
        max(case when nr_r = 2 then r else 0 end) as nest_storste_r
    from rangert
    group by fylkesnr
),

fylkene as (
    select distinct fylkesnr
    from fylke_kode
    union all
    select arrow_cast(99, 'Int64') as fylkesnr
),

alle as (
    select
        cast(f.fylkesnr as int) as fylkesnr,
        coalesce(t.n_leger, 0) as n_leger,
        coalesce(t.n, 0) as n,
        coalesce(t.r, 0) as r,
        coalesce(t.storste_n, 0) as storste_n,
        coalesce(t.nest_storste_n, 0) as nest_storste_n,
        coalesce(t.storste_r, 0) as storste_r,
        coalesce(t.nest_storste_r, 0) as nest_storste_r,
        coalesce(k.n_forste, 0) as n_forste,
        coalesce(k.r_forste, 0) as r_forste,
        coalesce(k.n_siste, 0) as n_siste,
        coalesce(k.n_foer, 0) as n_foer,
        coalesce(k.r_foer, 0) as r_foer
    from fylkene as f
    left join talt as t on f.fylkesnr = t.fylkesnr
    left join fylke_kant as k on f.fylkesnr = k.fylkesnr
)

select
    fylkesnr,
    n_leger,
    n,
    r,
    storste_n,
    nest_storste_n,
    storste_r,
    nest_storste_r,
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
    end as utrygg
from alle
order by fylkesnr
