/*---
title = "Hvilken original en TOO-hendelse er eller retter"
audience = "arbeid"
grain = ["hendelse_guid"]
versjon = 1
---*/
-- C1: from the originals outwards, so that a correction whose target is not there is in no chain and waits.
with recursive kjede as (
    select
        hendelse_guid,
        hendelse_guid as original
    from too_ulik
    where status = 1
    union all
    select
        u.hendelse_guid,
        k.original
    from too_ulik as u
    inner join kjede as k on u.gjelder_guid = k.hendelse_guid
    where u.status <> 1
)

select
    hendelse_guid,
    original
from kjede
order by hendelse_guid
