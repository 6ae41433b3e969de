/*---
title = "Leger som spredningen i et virkestoff eller en byttegruppe regnes av"
audience = "arbeid"
grain = ["nivaa", "kode", "rekvirent_hpr"]
versjon = 1
[columns.rekvirent_hpr]
unit = "HPR-nummer"
[columns.r]
unit = "forskrivninger reservert av legen, eller utleveringer når nummer mangler"
[columns.forventet]
unit = "som r, forventet reservert"
---*/
-- B11: E_dg = n_dg · r_g / n_g, at the rate of the substance or group itself in the window.
with grupper as (
    select
        t.kode,
        g.rekvirent_hpr,
        g.r,
        cast(g.n * t.r as double) / cast(t.n as double) as forventet
    from lege_gruppe as g
    inner join byttegruppe_tall as t
        on
            g.vindu = t.vindu
            and g.byttegruppe = t.byttegruppe
    where
        g.vindu = 1
        and g.n > 0
),

stoffer as (
    select
        l.atc as kode,
        l.rekvirent_hpr,
        l.r,
        cast(l.n * t.r as double) / cast(t.n as double) as forventet
    from lege_atc as l
    inner join atc_tall as t
        on
            l.vindu = t.vindu
            and l.atc = t.atc
    where
        l.vindu = 1
        and l.n > 0
),

alle as (
    select
        'atc' as nivaa,
        kode,
        rekvirent_hpr,
        r,
        forventet
    from stoffer
    union all
    select
        'byttegruppe' as nivaa,
        kode,
        rekvirent_hpr,
        r,
        forventet
    from grupper
)

select
    nivaa,
    kode,
    rekvirent_hpr,
    r,
    forventet
from alle
where forventet >= $spredning_forventet
order by nivaa, kode, rekvirent_hpr
