/*---
title = "Antall leger etter reservasjonsgrad, siste 12 måneder"
audience = "offentlig"
grain = ["fra_prosent"]
dimensjoner = ["fra_prosent", "til_prosent"]
versjon = 1
kan_vaere_tom = "for få leger har nok forskrivninger til å vises, eller færre enn 12 måneder er levert"
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
-- D7: bins of one percentage point, merged from the top until each holds enough doctors; the top bin is open.
-- A2, A3: no doctors to compare, as before 12 months are delivered, is no distribution: no rows, not a bin of zero.
with recursive per_prosent as (
    select
        100 * r / n as prosent,
        count(*) as n_leger
    from trakt_lege
    where vindu = 1
    group by 100 * r / n
),

prosenter as (
    select unnest(range(0, 101)) as prosent
),

skala as (
    select
        s.prosent,
        coalesce(p.n_leger, 0) as n_leger
    from prosenter as s
    left join per_prosent as p on s.prosent = p.prosent
),

trinn as (
    select
        prosent,
        n_leger,
        n_leger as i_gruppe,
        cast(0 as bigint) as gruppe
    from skala
    where prosent = 100
    union all
    select
        s.prosent,
        s.n_leger,
        case when t.i_gruppe >= $histogram_leger then s.n_leger else t.i_gruppe + s.n_leger end as i_gruppe,
        case when t.i_gruppe >= $histogram_leger then t.gruppe + 1 else t.gruppe end as gruppe
    from trinn as t
    inner join skala as s on t.prosent - 1 = s.prosent
),

-- What is left at the bottom, too small for a bin of its own, joins the bin above it.
nederst as (
    select
        prosent,
        n_leger,
        case
            when sum(n_leger) over (partition by gruppe) < $histogram_leger then greatest(gruppe - 1, 0)
            else gruppe
        end as gruppe
    from trinn
)

select
    min(n.prosent) as fra_prosent,
    case when n.gruppe = 0 then null else max(n.prosent) + 1 end as til_prosent,
    v.fra_maaned_tekst as fra_maaned,
    v.til_maaned_tekst as til_maaned,
    sum(n.n_leger) as n_leger,
    'vist' as status
from nederst as n
cross join reservasjon_vindu as v
group by n.gruppe, v.fra_maaned_tekst, v.til_maaned_tekst
having sum(n.n_leger) > 0
order by fra_prosent
