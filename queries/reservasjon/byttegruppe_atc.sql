/*---
title = "Byttegruppens ATC-kode i siste FEST-uttrekk i vinduet"
audience = "arbeid"
grain = ["vindu", "byttegruppe"]
versjon = 1
[columns.vindu]
unit = "1 siste 12 måneder, 2 de 12 månedene før"
between = [1, 2]
[columns.byttegruppe]
unit = "Byttegruppe/Kode@V"
---*/
select
    s.vindu,
    p.byttegruppe,
    min(p.atc) as atc
from fest_siste as s
inner join fest_pakning as p on s.snapshot = p.snapshot
where
    p.byttegruppe is not null
    and char_length(p.atc) = 7
group by s.vindu, p.byttegruppe
order by s.vindu, p.byttegruppe
