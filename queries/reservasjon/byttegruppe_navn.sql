/*---
title = "Byttegruppens navn, ATC-kode og virkestoff i det siste FEST-uttrekket som har den"
audience = "arbeid"
grain = ["byttegruppe"]
versjon = 1
[columns.byttegruppe]
unit = "Byttegruppe/Kode@V"
[columns.atc]
mangler = "ingen pakning i gruppen har en ATC-kode på nivå 5"
[columns.virkestoff]
mangler = "ingen pakning i gruppen har en ATC-kode på nivå 5"
---*/
-- For readers: a group that has left FEST before the window's end keeps the name it had.
with siste as (
    select
        b.byttegruppe,
        max(b.snapshot) as snapshot
    from fest_byttegruppe as b
    inner join fest_snapshot as s on b.snapshot = s.snapshot
    inner join reservasjon_vindu as v on s.hentet_dato <= v.til_dato
    group by b.byttegruppe
),

koder as (
    select
        p.byttegruppe,
        p.snapshot,
        p.atc,
        p.atc_navn,
        row_number() over (partition by p.snapshot, p.byttegruppe order by p.atc, p.atc_navn) as nr
    from fest_pakning as p
    where
        p.byttegruppe is not null
        and char_length(p.atc) = 7
)

select
    b.byttegruppe,
    b.navn,
    k.atc,
    coalesce(k.atc_navn, k.atc) as virkestoff
from fest_byttegruppe as b
inner join siste as s
    on
        b.byttegruppe = s.byttegruppe
        and b.snapshot = s.snapshot
left join koder as k
    on
        b.snapshot = k.snapshot
        and b.byttegruppe = k.byttegruppe
        and k.nr = 1
order by b.byttegruppe
