/*---
title = "Leger med nok grunnlag til å sammenlignes"
audience = "arbeid"
grain = ["vindu", "rekvirent_hpr"]
versjon = 1
[columns.vindu]
unit = "1 siste 12 måneder, 2 de 12 månedene før"
between = [1, 2]
[columns.rekvirent_hpr]
unit = "HPR-nummer"
[columns.n]
unit = "forskrivninger, eller utleveringer når nummer mangler"
[columns.r]
unit = "som n, reservert av legen"
[columns.forventet]
unit = "som n, forventet reservert"
---*/
-- B7 and B10: funnel doctors; nobody while fewer than 12 months are delivered.
select
    d.vindu,
    d.rekvirent_hpr,
    d.n,
    d.r,
    d.forventet
from lege_sum as d
inner join reservasjon_vinduer as v
    on
        d.vindu = v.vindu
        and v.komplett = 1
where
    d.n > 0
    and d.n >= $trakt_forskrivninger
    and d.forventet >= $trakt_forventet
order by d.vindu, d.rekvirent_hpr
