/*---
title = "Pauser i TOO-forløp"
audience = "arbeid"
grain = ["forlop_id", "forlop_nr", "pause_nr"]
versjon = 2
[columns.forlop_nr]
unit = "forløpets nummer i forlop_id"
[columns.pause_nr]
unit = "pausens nummer i forløpet"
[columns.til_dato]
mangler = "pausen er åpen"
[columns.trekkes_fra]
unit = "0 nei, 1 ja"
---*/
-- C5: each end closes the pause that has been open longest. Deducted are pauses asked for by the patient or for medical
-- reasons.
with fra as (
    select
        forlop_id,
        forlop_nr,
        hendelse_dato,
        pauseaarsak,
        row_number() over (partition by forlop_id, forlop_nr order by nr) as pause_nr
    from too_hendelse_ordnet
    where hendelse_type = 11
),

til as (
    select
        forlop_id,
        forlop_nr,
        hendelse_dato,
        row_number() over (partition by forlop_id, forlop_nr order by nr) as pause_nr
    from too_hendelse_ordnet
    where hendelse_type = 12
)

select
    fra.forlop_id,
    fra.forlop_nr,
    fra.pause_nr,
    fra.hendelse_dato as fra_dato,
    til.hendelse_dato as til_dato,
    case when fra.pauseaarsak in (1, 2) then 1 else 0 end as trekkes_fra
from fra
left join til
    on
        fra.forlop_id = til.forlop_id
        and fra.forlop_nr = til.forlop_nr
        and fra.pause_nr = til.pause_nr
order by fra.forlop_id, fra.forlop_nr, fra.pause_nr
