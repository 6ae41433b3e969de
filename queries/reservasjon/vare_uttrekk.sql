/*---
title = "Hva gjeldende og neste FEST-uttrekk sier om et varenummer"
audience = "arbeid"
grain = ["maaned", "snapshot", "varenr"]
versjon = 1
inkrementell = true
[columns.maaned]
unit = "ååååmm"
[columns.snapshot]
unit = "HentetDato som ååååmmddttmmss"
[columns.varenr]
unit = "varenummer"
[columns.pakning_id]
mangler = "varenummeret er ikke i gjeldende uttrekk"
[columns.gruppe_naa]
unit = "Byttegruppe/Kode@V"
mangler = "ikke i noen byttegruppe i gjeldende uttrekk"
[columns.gruppe_naa_fra]
mangler = "ikke i noen byttegruppe i gjeldende uttrekk"
[columns.gruppe_neste]
unit = "Byttegruppe/Kode@V"
mangler = "ikke i noen byttegruppe i neste uttrekk"
[columns.gruppe_neste_fra]
mangler = "ikke i noen byttegruppe i neste uttrekk"
[columns.ddd_tusendeler]
unit = "tusendels DDD i pakningen"
mangler = "FEST oppgir ikke Statistikkfaktor"
[columns.pakningsstr_tusendeler]
unit = "tusendels enhet i pakningen"
mangler = "FEST oppgir ikke Pakningsstr"
[columns.enhet_pakning]
mangler = "FEST oppgir ikke EnhetPakning"
---*/
with naa as (
    select
        d.snapshot,
        d.fra_dato,
        d.til_dato,
        o.varenr,
        o.pakning_id,
        o.byttegruppe,
        o.byttegruppe_fra,
        o.ddd_tusendeler,
        o.pakningsstr_tusendeler,
        o.enhet_pakning
    from fest_dekning as d
    inner join vare_oppslag as o on d.snapshot = o.snapshot
),

neste as (
    select
        d.snapshot,
        d.fra_dato,
        d.til_dato,
        o.varenr,
        o.byttegruppe,
        o.byttegruppe_fra,
        o.ddd_tusendeler,
        o.pakningsstr_tusendeler,
        o.enhet_pakning
    from fest_dekning as d
    inner join vare_oppslag as o on d.neste_snapshot = o.snapshot
)

select
    cast($maaned as int) as maaned,
    coalesce(naa.snapshot, neste.snapshot) as snapshot,
    coalesce(naa.varenr, neste.varenr) as varenr,
    coalesce(naa.fra_dato, neste.fra_dato) as fra_dato,
    coalesce(naa.til_dato, neste.til_dato) as til_dato,
    naa.pakning_id,
    naa.byttegruppe as gruppe_naa,
    naa.byttegruppe_fra as gruppe_naa_fra,
    neste.byttegruppe as gruppe_neste,
    neste.byttegruppe_fra as gruppe_neste_fra,
    case when naa.varenr is null then neste.ddd_tusendeler else naa.ddd_tusendeler end as ddd_tusendeler,
    case
        when naa.varenr is null then neste.pakningsstr_tusendeler else naa.pakningsstr_tusendeler
    end as pakningsstr_tusendeler,
    case when naa.varenr is null then neste.enhet_pakning else naa.enhet_pakning end as enhet_pakning
from naa
full join neste
    on
        naa.snapshot = neste.snapshot
        and naa.varenr = neste.varenr
order by maaned, snapshot, varenr
