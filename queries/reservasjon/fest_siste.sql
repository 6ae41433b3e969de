/*---
title = "Siste FEST-uttrekk i hvert vindu"
audience = "arbeid"
grain = ["vindu"]
versjon = 1
[columns.vindu]
unit = "1 siste 12 måneder, 2 de 12 månedene før"
between = [1, 2]
[columns.snapshot]
unit = "HentetDato som ååååmmddttmmss"
---*/
-- A table of its own: joined as a sub-query that is grouped by `vindu`, DataFusion 55 takes `vindu` for a key of what
-- comes out of the join, and leaves the rest of an `order by` out.
select
    v.vindu,
    max(s.snapshot) as snapshot
from fest_snapshot as s
inner join reservasjon_vinduer as v on s.hentet_dato <= v.til_dato
group by v.vindu
order by v.vindu
