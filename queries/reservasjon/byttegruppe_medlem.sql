/*---
title = "Hvilke pakninger som er i en byttegruppe, som dagperioder"
audience = "arbeid"
grain = ["maaned", "byttegruppe", "pakning_id", "fra_dato"]
versjon = 1
inkrementell = true
[input]
fest_pakning = "gyldighet"
[columns.maaned]
unit = "ååååmm"
[columns.byttegruppe]
unit = "Byttegruppe/Kode@V"
---*/
-- B3 by package Id: the snapshot in force has the membership, or else the next one has it.
with naa as (
    select
        d.snapshot,
        p.pakning_id,
        p.byttegruppe,
        greatest(d.fra_dato, p.byttegruppe_fra) as fra_dato,
        d.til_dato
    from fest_dekning as d
    inner join fest_pakning as p on d.snapshot = p.snapshot
    where
        p.byttegruppe is not null
        and p.byttegruppe_fra <= d.til_dato
),

neste as (
    select
        d.snapshot,
        n.pakning_id,
        n.byttegruppe,
        greatest(d.fra_dato, n.byttegruppe_fra) as fra_dato,
        case
            when p.byttegruppe is not null and p.byttegruppe_fra <= d.til_dato
                then cast(cast(p.byttegruppe_fra as int) - 1 as date)
            else d.til_dato
        end as til_dato
    from fest_dekning as d
    inner join fest_pakning as n on d.neste_snapshot = n.snapshot
    left join fest_pakning as p
        on
            d.snapshot = p.snapshot
            and n.pakning_id = p.pakning_id
    where
        n.byttegruppe is not null
        and n.byttegruppe_fra <= d.til_dato
),

medlemmer as (
    select
        byttegruppe,
        pakning_id,
        fra_dato,
        til_dato
    from naa
    union all
    select
        byttegruppe,
        pakning_id,
        fra_dato,
        til_dato
    from neste
    where fra_dato <= til_dato
)

select
    cast($maaned as int) as maaned,
    byttegruppe,
    pakning_id,
    fra_dato,
    til_dato
from medlemmer
order by maaned, byttegruppe, pakning_id, fra_dato
