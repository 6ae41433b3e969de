/*---
title = "Dager da gruppe, pris eller markedsføring for et varenummer kan skifte"
audience = "arbeid"
grain = ["maaned", "snapshot", "varenr", "fra_dato"]
versjon = 1
inkrementell = true
[input]
fest_pakning = "gyldighet"
fest_pris = "gyldighet"
[columns.maaned]
unit = "ååååmm"
[columns.snapshot]
unit = "HentetDato som ååååmmddttmmss"
[columns.varenr]
unit = "varenummer"
[columns.pakning_id]
mangler = "varenummeret er ikke i gjeldende uttrekk"
---*/
with dager as (
    select
        snapshot,
        varenr,
        fra_dato as dag
    from vare_uttrekk
    union all
    select
        snapshot,
        varenr,
        gruppe_naa_fra as dag
    from vare_uttrekk
    union all
    select
        snapshot,
        varenr,
        gruppe_neste_fra as dag
    from vare_uttrekk
    union all
    select
        v.snapshot,
        v.varenr,
        p.gyldig_fra as dag
    from vare_uttrekk as v
    inner join fest_pris as p
        on
            v.snapshot = p.snapshot
            and v.pakning_id = p.pakning_id
    union all
    select
        v.snapshot,
        v.varenr,
        cast(cast(p.gyldig_til as int) + 1 as date) as dag
    from vare_uttrekk as v
    inner join fest_pris as p
        on
            v.snapshot = p.snapshot
            and v.pakning_id = p.pakning_id
    union all
    select
        v.snapshot,
        v.varenr,
        unnest(make_array(p.markedsfort_fra, p.midlertidig_utgatt, p.avregistrert)) as dag
    from vare_uttrekk as v
    inner join fest_pakning as p
        on
            v.snapshot = p.snapshot
            and v.pakning_id = p.pakning_id
),

ulike as (
    select distinct
        snapshot,
        varenr,
        dag
    from dager
    where dag is not null
),

gjeldende as (
    select
        v.snapshot,
        v.varenr,
        v.pakning_id,
        v.til_dato,
        u.dag
    from ulike as u
    inner join vare_uttrekk as v
        on
            u.snapshot = v.snapshot
            and u.varenr = v.varenr
    where u.dag between v.fra_dato and v.til_dato
),

-- The window goes over all numbers in one order: the engine is slow at one for each of ten thousand numbers.
fulgt as (
    select
        snapshot,
        varenr,
        pakning_id,
        til_dato,
        dag,
        case
            when
                lead(snapshot) over (order by snapshot, varenr, dag) = snapshot
                and lead(varenr) over (order by snapshot, varenr, dag) = varenr
                then lead(dag) over (order by snapshot, varenr, dag)
        end as neste
    from gjeldende
)

select
    cast($maaned as int) as maaned,
    snapshot,
    varenr,
    dag as fra_dato,
    coalesce(cast(cast(neste as int) - 1 as date), til_dato) as til_dato,
    pakning_id
from fulgt
order by maaned, snapshot, varenr, dag
