/*---
title = "Antall pakninger i en byttegruppe og om bytte er begrenset, som dagperioder"
audience = "arbeid"
grain = ["maaned", "byttegruppe", "fra_dato"]
versjon = 1
inkrementell = true
[input]
fest_byttegruppe = "gyldighet"
[columns.maaned]
unit = "ååååmm"
[columns.byttegruppe]
unit = "Byttegruppe/Kode@V"
[columns.antall_pakninger]
unit = "pakninger i gruppen"
between = [1, 100000]
[columns.begrenset]
unit = "0 nei, 1 ja"
between = [0, 1]
---*/
with endringer as (
    select
        byttegruppe,
        fra_dato as dag,
        1 as endring
    from byttegruppe_medlem
    union all
    select
        byttegruppe,
        cast(cast(til_dato as int) + 1 as date) as dag,
        -1 as endring
    from byttegruppe_medlem
),

dager as (
    select
        byttegruppe,
        dag,
        sum(endring) as endring
    from endringer
    group by byttegruppe, dag
),

loepende as (
    select
        byttegruppe,
        dag as fra_dato,
        cast(cast(lead(dag) over (partition by byttegruppe order by dag) as int) - 1 as date) as til_dato,
        sum(endring) over (partition by byttegruppe order by dag) as antall_pakninger
    from dager
),

-- Every snapshot's first day is a day of change for the groups it holds, so a piece lies in one snapshot.
biter as (
    select
        l.byttegruppe,
        l.fra_dato,
        l.til_dato,
        l.antall_pakninger,
        coalesce(g.begrenset, 0) as begrenset
    from loepende as l
    inner join fest_dekning as d on l.fra_dato between d.fra_dato and d.til_dato
    left join fest_byttegruppe as g
        on
            d.snapshot = g.snapshot
            and l.byttegruppe = g.byttegruppe
    where l.antall_pakninger > 0
),

merket as (
    select
        byttegruppe,
        fra_dato,
        til_dato,
        antall_pakninger,
        begrenset,
        case
            when
                cast(lag(til_dato) over (partition by byttegruppe order by fra_dato) as int) + 1
                = cast(fra_dato as int)
                and lag(antall_pakninger) over (partition by byttegruppe order by fra_dato) = antall_pakninger
                and lag(begrenset) over (partition by byttegruppe order by fra_dato) = begrenset
                then 0
            else 1
        end as ny
    from biter
),

nummerert as (
    select
        byttegruppe,
        fra_dato,
        til_dato,
        antall_pakninger,
        begrenset,
        sum(ny) over (partition by byttegruppe order by fra_dato) as periode
    from merket
)

select
    cast($maaned as int) as maaned,
    byttegruppe,
    min(fra_dato) as fra_dato,
    max(til_dato) as til_dato,
    antall_pakninger,
    begrenset
from nummerert
group by byttegruppe, periode, antall_pakninger, begrenset
order by maaned, byttegruppe, fra_dato
