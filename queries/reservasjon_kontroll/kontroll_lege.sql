/*---
title = "Hver lege i trakten mot vilkårene for kontrollisten"
audience = "arbeid"
grain = ["rekvirent_hpr"]
versjon = 1
bygger_paa = ["reservasjon"]
[columns.rekvirent_hpr]
unit = "HPR-nummer"
[columns.n]
unit = "forskrivninger, eller utleveringer når nummer mangler"
[columns.r]
unit = "som n, reservert av legen"
[columns.forventet]
unit = "som n, forventet reservert"
[columns.standardisert_ratio]
unit = "forholdstall"
[columns.trakt998_ovre]
unit = "forholdstall"
mangler = "bare én lege kan sammenlignes"
[columns.forrige_ratio]
unit = "forholdstall"
mangler = "legen var ikke i trakten de 12 månedene før"
[columns.forrige_trakt998_ovre]
unit = "forholdstall"
mangler = "legen var ikke i trakten de 12 månedene før"
[columns.merutgift_ore]
unit = "øre"
[columns.uten_referanse]
unit = "utleveringer som legen reserverte, uten referanse"
[columns.avvikende_pris]
unit = "utleveringer som legen reserverte, med uvanlig høy pris"
[columns.merutgift_grense_ore]
unit = "øre"
[columns.over_naa]
unit = "0 nei, 1 ja"
between = [0, 1]
[columns.over_foer]
unit = "0 nei, 1 ja"
between = [0, 1]
[columns.dyr]
unit = "0 nei, 1 ja"
between = [0, 1]
---*/
-- B9 but for q: outside the upper 99.8 per cent limit in both windows, and merutgift at least its 90th percentile among
-- the doctors of the funnel (A3).
with merutgifter as (
    select
        t.rekvirent_hpr,
        t.n,
        t.r,
        t.forventet,
        sum(coalesce(g.merutgift_ore, 0)) as merutgift_ore,
        sum(coalesce(g.uten_referanse, 0)) as uten_referanse,
        sum(coalesce(g.avvikende_pris, 0)) as avvikende_pris
    from trakt_lege as t
    left join lege_gruppe as g
        on
            t.vindu = g.vindu
            and t.rekvirent_hpr = g.rekvirent_hpr
    where t.vindu = 1
    group by t.rekvirent_hpr, t.n, t.r, t.forventet
),

rangert as (
    select
        rekvirent_hpr,
        n,
        r,
        forventet,
        merutgift_ore,
        uten_referanse,
        avvikende_pris,
        row_number() over (order by merutgift_ore, rekvirent_hpr) as rang,
        count(*) over () as m
    from merutgifter
),

med_grense as (
    select
        rekvirent_hpr,
        n,
        r,
        forventet,
        merutgift_ore,
        uten_referanse,
        avvikende_pris,
        max(case when rang = ($kontroll_persentil * m + 99) / 100 then merutgift_ore end) over ()
            as merutgift_grense_ore
    from rangert
)

select
    d.rekvirent_hpr,
    d.n,
    d.r,
    d.forventet,
    naa.standardisert_ratio,
    naa.trakt998_ovre,
    foer.standardisert_ratio as forrige_ratio,
    foer.trakt998_ovre as forrige_trakt998_ovre,
    d.merutgift_ore,
    d.uten_referanse,
    d.avvikende_pris,
    d.merutgift_grense_ore,
    case when naa.standardisert_ratio > naa.trakt998_ovre then 1 else 0 end as over_naa,
    case when foer.standardisert_ratio > foer.trakt998_ovre then 1 else 0 end as over_foer,
    case when d.merutgift_ore > 0 and d.merutgift_ore >= d.merutgift_grense_ore then 1 else 0 end as dyr
from med_grense as d
inner join trakt_grense as naa
    on
        d.rekvirent_hpr = naa.rekvirent_hpr
        and naa.vindu = 1
left join trakt_grense as foer
    on
        d.rekvirent_hpr = foer.rekvirent_hpr
        and foer.vindu = 2
order by d.rekvirent_hpr
