/*---
title = "Byttegruppen blant leger som kan sammenlignes, etter spesialitet"
audience = "arbeid"
grain = ["spesialitet", "byttegruppe"]
versjon = 1
[columns.spesialitet]
unit = "Volven 7426; 1 for fastleger"
[columns.byttegruppe]
unit = "Byttegruppe/Kode@V"
[columns.leger]
unit = "leger med forskrivninger"
[columns.n]
unit = "forskrivninger, eller utleveringer når nummer mangler"
[columns.r]
unit = "som n, reservert av legen"
[columns.storste]
unit = "som n, legen med flest"
---*/
-- B10: what a doctor's rate in a group is compared with, and the test of whether it may be shown.
select
    k.spesialitet,
    g.byttegruppe,
    count(*) as leger,
    sum(g.n) as n,
    sum(g.r) as r,
    max(g.n) as storste
from lege_gruppe as g
inner join trakt_lege as t
    on
        g.rekvirent_hpr = t.rekvirent_hpr
        and t.vindu = 1
inner join lege_kjennetegn as k on g.rekvirent_hpr = k.rekvirent_hpr
where
    g.vindu = 1
    and g.n > 0
    and k.spesialitet is not null
group by k.spesialitet, g.byttegruppe
order by k.spesialitet, g.byttegruppe
