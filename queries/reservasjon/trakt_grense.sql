/*---
title = "Traktens grenser for hver lege som kan sammenlignes"
audience = "arbeid"
grain = ["vindu", "rekvirent_hpr"]
versjon = 1
[columns.vindu]
unit = "1 siste 12 måneder, 2 de 12 månedene før"
between = [1, 2]
[columns.rekvirent_hpr]
unit = "HPR-nummer"
[columns.standardisert_ratio]
unit = "forholdstall"
[columns.trakt95_nedre]
unit = "forholdstall"
mangler = "bare én lege kan sammenlignes"
[columns.trakt95_ovre]
unit = "forholdstall"
mangler = "bare én lege kan sammenlignes"
[columns.trakt998_ovre]
unit = "forholdstall"
mangler = "bare én lege kan sammenlignes"
[columns.avstand]
unit = "standardavvik"
mangler = "bare én lege kan sammenlignes"
---*/
-- B7: limits of the ratio, from the scale of its square root; B9 reads the distance from 1 on that scale.
with spredning as (
    select
        l.vindu,
        l.rekvirent_hpr,
        cast(l.r as double) / l.forventet as standardisert_ratio,
        sqrt(1 / (4 * l.forventet) + t.tau2) as avvik
    from trakt_lege as l
    inner join trakt as t on l.vindu = t.vindu
)

select
    vindu,
    rekvirent_hpr,
    standardisert_ratio,
    power(greatest(0.0, 1 - 1.959964 * avvik), 2) as trakt95_nedre,
    power(1 + 1.959964 * avvik, 2) as trakt95_ovre,
    power(1 + 3.090232 * avvik, 2) as trakt998_ovre,
    (sqrt(standardisert_ratio) - 1) / avvik as avstand
from spredning
order by vindu, rekvirent_hpr
