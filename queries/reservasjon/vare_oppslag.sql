/*---
title = "Hvilken pakning et varenummer står for i et FEST-uttrekk"
audience = "arbeid"
grain = ["maaned", "snapshot", "varenr"]
versjon = 1
inkrementell = true
[input]
fest_pakning = "gyldighet"
[columns.maaned]
unit = "ååååmm"
[columns.snapshot]
unit = "HentetDato som ååååmmddttmmss"
[columns.varenr]
unit = "varenummer"
[columns.byttegruppe]
unit = "Byttegruppe/Kode@V"
mangler = "pakningen er ikke i noen byttegruppe"
[columns.byttegruppe_fra]
mangler = "pakningen er ikke i noen byttegruppe"
[columns.ddd_tusendeler]
unit = "tusendels DDD i pakningen"
mangler = "FEST oppgir ikke Statistikkfaktor"
[columns.pakningsstr_tusendeler]
unit = "tusendels enhet i pakningen"
mangler = "FEST oppgir ikke Pakningsstr"
[columns.enhet_pakning]
mangler = "FEST oppgir ikke EnhetPakning"
---*/
-- B3: by Varenr, else by VarenrUtgaende, which a renumbered package carries while both numbers are sold.
with nummer as (
    select
        snapshot,
        varenr,
        pakning_id as gjeldende,
        cast(null as varchar) as utgaaende
    from fest_pakning
    union all
    select
        snapshot,
        varenr_utgaaende as varenr,
        cast(null as varchar) as gjeldende,
        pakning_id as utgaaende
    from fest_pakning
    where varenr_utgaaende is not null
),

valgt as (
    select
        snapshot,
        varenr,
        coalesce(min(gjeldende), min(utgaaende)) as pakning_id
    from nummer
    group by snapshot, varenr
)

select
    cast($maaned as int) as maaned,
    r.snapshot,
    r.varenr,
    p.pakning_id,
    p.byttegruppe,
    p.byttegruppe_fra,
    p.ddd_tusendeler,
    p.pakningsstr_tusendeler,
    p.enhet_pakning
from valgt as r
inner join fest_pakning as p
    on
        r.snapshot = p.snapshot
        and r.pakning_id = p.pakning_id
order by maaned, r.snapshot, r.varenr
