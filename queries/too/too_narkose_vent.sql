/*---
title = "Ventinger på narkose i TOO-forløp"
audience = "arbeid"
grain = ["forlop_id", "forlop_nr", "vent_nr"]
versjon = 1
[columns.forlop_nr]
unit = "forløpets nummer i forlop_id"
[columns.vent_nr]
unit = "ventingens nummer i forløpet"
[columns.til_dato]
mangler = "venter fortsatt"
---*/
-- C10: a need opens, the next narkose closes; a need while one is open and a narkose while none is are ignored. What is
-- left alternates, so that the row after an opening is its end.
with narkose as (
    select
        forlop_id,
        forlop_nr,
        nr,
        hendelse_type,
        hendelse_dato,
        lag(hendelse_type) over (partition by forlop_id, forlop_nr order by nr) as forrige
    from too_hendelse_ordnet
    where hendelse_type in (13, 14)
),

vekslende as (
    select
        forlop_id,
        forlop_nr,
        hendelse_type,
        hendelse_dato as fra_dato,
        lead(hendelse_dato) over (partition by forlop_id, forlop_nr order by nr) as til_dato,
        row_number() over (partition by forlop_id, forlop_nr order by nr) as plass
    from narkose
    where
        (hendelse_type = 13 and coalesce(forrige, 14) = 14)
        or (hendelse_type = 14 and forrige = 13)
)

select
    forlop_id,
    forlop_nr,
    cast((plass + 1) / 2 as bigint) as vent_nr,
    fra_dato,
    til_dato
from vekslende
where hendelse_type = 13
order by forlop_id, forlop_nr, vent_nr
