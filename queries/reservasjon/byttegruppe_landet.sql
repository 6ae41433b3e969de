/*---
title = "Byttegruppen i landet i vinduet"
audience = "arbeid"
grain = ["byttegruppe"]
versjon = 1
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
    g.byttegruppe,
    count(*) as leger,
    sum(g.n) as n,
    sum(g.r) as r,
    max(g.n) as storste
from lege_gruppe as g
where
    g.vindu = 1
    and g.n > 0
group by g.byttegruppe
order by g.byttegruppe
