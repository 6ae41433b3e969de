/*---
title = "Antall leger etter reservasjonsgrad i hver gruppe av kolleger"
audience = "arbeid"
grain = ["gruppetype", "gruppe", "fra_prosent"]
versjon = 1
[columns.gruppetype]
unit = "som i kollegagruppe_medlem"
between = [1, 6]
[columns.gruppe]
unit = "koden som medlemmene deler"
[columns.fra_prosent]
unit = "prosent, fra og med"
between = [0, 100]
[columns.til_prosent]
unit = "prosent, til"
between = [1, 100]
mangler = "øverste gruppe er åpen"
[columns.n_leger]
unit = "leger"
---*/
-- B10: bins of one percentage point, merged from both edges towards the median until each holds enough doctors; groups
-- large enough for a median. The median's bin and all above it are one side, those below it the other; `steg` is the
-- distance from the side's edge, 100 % or 0 %.
with recursive midten as (
    select
        gruppetype,
        gruppe,
        100 * r / n as prosent
    from kollegagruppe_grad
    where
        antall >= $persentil_kvartil
        and rang = (50 * antall + 99) / 100
),

per_prosent as (
    select
        gruppetype,
        gruppe,
        100 * r / n as prosent,
        count(*) as n_leger
    from kollegagruppe_grad
    group by gruppetype, gruppe, 100 * r / n
),

skala as (
    select
        m.gruppetype,
        m.gruppe,
        case when s.prosent >= m.prosent then 1 else 2 end as side,
        case when s.prosent >= m.prosent then 100 - s.prosent else s.prosent end as steg,
        s.prosent,
        coalesce(p.n_leger, 0) as n_leger
    from midten as m
    cross join (select unnest(range(0, 101)) as prosent) as s
    left join per_prosent as p
        on
            m.gruppetype = p.gruppetype
            and m.gruppe = p.gruppe
            and s.prosent = p.prosent
),

trinn as (
    select
        gruppetype,
        gruppe,
        side,
        steg,
        prosent,
        n_leger,
        n_leger as i_soyle,
        cast(0 as bigint) as soyle
    from skala
    where steg = 0
    union all
    select
        s.gruppetype,
        s.gruppe,
        s.side,
        s.steg,
        s.prosent,
        s.n_leger,
        case when t.i_soyle >= $soyle_leger then s.n_leger else t.i_soyle + s.n_leger end as i_soyle,
        case when t.i_soyle >= $soyle_leger then t.soyle + 1 else t.soyle end as soyle
    from trinn as t
    inner join skala as s
        on
            t.gruppetype = s.gruppetype
            and t.gruppe = s.gruppe
            and t.side = s.side
            and t.steg + 1 = s.steg
),

-- What is left nearest the median, too small for a bin of its own, joins the bin before it on its side; a side that is
-- too small altogether joins the other side's bin nearest the median.
samlet as (
    select
        gruppetype,
        gruppe,
        side,
        prosent,
        n_leger,
        case
            when sum(n_leger) over (partition by gruppetype, gruppe, side, soyle) < $soyle_leger
                then greatest(soyle - 1, 0)
            else soyle
        end as soyle,
        sum(n_leger) over (partition by gruppetype, gruppe, side) as paa_siden
    from trinn
),

innerst as (
    select
        gruppetype,
        gruppe,
        max(soyle) as soyle
    from samlet
    where side = 1
    group by gruppetype, gruppe
),

plassert as (
    select
        s.gruppetype,
        s.gruppe,
        case when s.paa_siden < $soyle_leger then 1 else s.side end as side,
        case when s.side = 2 and s.paa_siden < $soyle_leger then i.soyle else s.soyle end as soyle,
        s.prosent,
        s.n_leger
    from samlet as s
    inner join innerst as i
        on
            s.gruppetype = i.gruppetype
            and s.gruppe = i.gruppe
)

select
    gruppetype,
    gruppe,
    min(prosent) as fra_prosent,
    case when side = 1 and soyle = 0 then null else max(prosent) + 1 end as til_prosent,
    sum(n_leger) as n_leger
from plassert
group by gruppetype, gruppe, side, soyle
order by gruppetype, gruppe, fra_prosent
