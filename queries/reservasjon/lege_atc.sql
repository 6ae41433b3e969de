/*---
title = "Lege × virkestoff i vinduet (ATC-nivå 5)"
audience = "arbeid"
grain = ["vindu", "rekvirent_hpr", "atc"]
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
[columns.merutgift_ore]
unit = "øre"
---*/
-- B11: by the code of the group (B5). A group that is not in the window's last snapshot has none.
select
    g.vindu,
    g.rekvirent_hpr,
    coalesce(a.atc, 'uten_atc') as atc,
    sum(g.n) as n,
    sum(g.r) as r,
    sum(g.merutgift_ore) as merutgift_ore
from lege_gruppe as g
left join byttegruppe_atc as a
    on
        g.vindu = a.vindu
        and g.byttegruppe = a.byttegruppe
where
    g.n > 0
    or g.merutgift_ore > 0
group by g.vindu, g.rekvirent_hpr, coalesce(a.atc, 'uten_atc')
order by g.vindu, g.rekvirent_hpr, atc
