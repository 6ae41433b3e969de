/*---
title = "Dager som dekkes av et FEST-uttrekk, per måned"
audience = "arbeid"
grain = ["maaned", "snapshot"]
versjon = 1
inkrementell = true
[input]
fest_snapshot = "gyldighet"
[columns.maaned]
unit = "ååååmm"
[columns.snapshot]
unit = "HentetDato som ååååmmddttmmss"
[columns.neste_snapshot]
unit = "HentetDato som ååååmmddttmmss"
mangler = "uttrekket er det siste"
---*/
-- B3: S is the last snapshot dated on or before a day; older than the threshold it says nothing.
with ordnet as (
    select
        snapshot,
        hentet_dato,
        lead(snapshot) over (order by snapshot) as neste_snapshot,
        lead(hentet_dato) over (order by snapshot) as neste_dato
    from fest_snapshot
),

perioder as (
    select
        snapshot,
        neste_snapshot,
        greatest(hentet_dato, cast($maaned_start as date)) as fra_dato,
        least(
            cast($maaned_slutt as date),
            cast(cast(hentet_dato as int) + cast($fest_dager as int) as date),
            coalesce(cast(cast(neste_dato as int) - 1 as date), cast($maaned_slutt as date))
        ) as til_dato
    from ordnet
)

select
    cast($maaned as int) as maaned,
    snapshot,
    neste_snapshot,
    fra_dato,
    til_dato
from perioder
where fra_dato <= til_dato
order by maaned, snapshot
