/*---
title = "Aalen–Johansen ved 4, 8, 12, 26, 52, 104, 156 og 208 uker, og kohortens median"
audience = "arbeid"
grain = ["steg", "omraade", "periodetype", "periode", "uker"]
versjon = 1
[columns.uker]
unit = "uker siden ventingen begynte"
[columns.n]
unit = "forløp"
[columns.i_fare]
unit = "forløp"
[columns.naadd]
unit = "forløp til og med punktet"
[columns.andre]
unit = "forløp avsluttet eller hoppet over til og med punktet"
[columns.igjen]
unit = "andel"
mangler = "ingen i kohorten er fulgt så lenge"
[columns.andel_naadd]
unit = "andel"
between = [0, 1]
mangler = "ingen i kohorten er fulgt så lenge"
[columns.andel_andre]
unit = "andel"
between = [0, 1]
mangler = "ingen i kohorten er fulgt så lenge"
[columns.varians]
unit = "andel i andre potens"
mangler = "ingen i kohorten er fulgt så lenge"
[columns.median]
unit = "dager"
mangler = "ikke nådd"
---*/
-- C8 and C9. At risk at t are those that nothing had happened to before t. After the last day that anybody was followed
-- nothing is known, unless nobody was left to follow (S = 0).
-- A half that is not quite one because doubles were added is one.
with punkter as (
    select unnest(make_array(4, 8, 12, 26, 52, 104, 156, 208)) as uker
),

kohorter as (
    select
        steg,
        omraade,
        periodetype,
        periode,
        max(i_fare) as n,
        min(case when andel_naadd > 0.5 - 1e-12 then dag end) as median
    from too_kurve
    group by steg, omraade, periodetype, periode
),

-- The last day of the curve that is not after the point.
truffet as (
    select
        k.steg,
        k.omraade,
        k.periodetype,
        k.periode,
        p.uker,
        case when k.dag = p.uker * 7 then k.i_fare end as i_fare,
        k.naadd,
        k.andre,
        k.sensurert,
        k.igjen,
        k.andel_naadd,
        k.andel_andre,
        k.varians,
        case when k.neste_dag is null and k.dag < p.uker * 7 and k.igjen > 0 then 0 else 1 end as kjent
    from too_kurve as k
    inner join punkter as p
        on
            k.dag <= p.uker * 7
            and coalesce(k.neste_dag, 1000000) > p.uker * 7
)

select
    k.steg,
    k.omraade,
    k.periodetype,
    k.periode,
    cast(p.uker as bigint) as uker,
    k.n,
    coalesce(t.i_fare, k.n - coalesce(t.naadd + t.andre + t.sensurert, 0)) as i_fare,
    coalesce(t.naadd, 0) as naadd,
    coalesce(t.andre, 0) as andre,
    case coalesce(t.kjent, 1) when 1 then coalesce(t.igjen, 1.0) end as igjen,
    case coalesce(t.kjent, 1) when 1 then coalesce(t.andel_naadd, 0.0) end as andel_naadd,
    case coalesce(t.kjent, 1) when 1 then coalesce(t.andel_andre, 0.0) end as andel_andre,
    case coalesce(t.kjent, 1) when 1 then coalesce(t.varians, 0.0) end as varians,
    k.median
from kohorter as k
cross join punkter as p
left join truffet as t
    on
        k.steg = t.steg
        and k.omraade = t.omraade
        and k.periodetype = t.periodetype
        and k.periode = t.periode
        and p.uker = t.uker
order by k.steg, k.omraade, k.periodetype, k.periode, uker
