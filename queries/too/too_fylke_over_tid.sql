/*---
title = "Fylkene over tid, og hvor tidsseriene brytes"
audience = "offentlig"
grain = ["struktur", "fylkesnr"]
dimensjoner = ["struktur", "fylkesnr", "brudd"]
versjon = 1
[columns.struktur]
unit = "år kodene gjelder fra"
[columns.fylkesnr_etter]
mangler = "fylket ble delt, eller gjelder fortsatt"
[columns.brudd]
unit = "0 nei, 1 ja"
---*/
-- C6: a code that lives on, alone or merged with others, is carried forward one to one. 30, 38 and 54 were split in 2024:
-- which of their courses belong to which new county is never guessed by share, so series break there, and begin anew in the
-- counties that took over. A merger joins figures and is no break.
with neste as (
    select
        f.struktur,
        f.fylkesnr,
        f.navn,
        f.navn_fullt,
        case f.struktur when 2018 then f.fylkesnr_2020 when 2020 then n.fylkesnr end as fylkesnr_etter
    from fylke as f
    left join fylke as n
        on
            f.fylkesnr = n.fylkesnr
            and n.struktur = 2024
)

select
    n.struktur,
    lpad(cast(n.fylkesnr as varchar), 2, '0') as fylkesnr,
    n.navn,
    n.navn_fullt,
    lpad(cast(n.fylkesnr_etter as varchar), 2, '0') as fylkesnr_etter,
    case
        when n.struktur = 2020 and n.fylkesnr_etter is null then 1
        when n.struktur = 2024 and f.fylkesnr is null then 1
        else 0
    end as brudd,
    'vist' as status
from neste as n
left join fylke as f
    on
        n.fylkesnr = f.fylkesnr
        and f.struktur = 2020
order by n.struktur, fylkesnr
