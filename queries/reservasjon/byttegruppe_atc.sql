/*---
title = "Byttegruppens ATC-kode i siste FEST-uttrekk i vinduet"
audience = "arbeid"
grain = ["byttegruppe"]
versjon = 1
[columns.byttegruppe]
unit = "Byttegruppe/Kode@V"
---*/
with siste as (
    select max(s.snapshot) as snapshot
    from fest_snapshot as s
    inner join reservasjon_vindu as v on s.hentet_dato <= v.til_dato
)

select
    p.byttegruppe,
    min(p.atc) as atc
from fest_pakning as p
inner join siste as s on p.snapshot = s.snapshot
where
    p.byttegruppe is not null
    and char_length(p.atc) = 7
group by p.byttegruppe
order by p.byttegruppe
