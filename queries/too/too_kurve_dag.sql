/*---
title = "Hvor mange i hver kohort som ventet, ble ferdige og ble sensurert, dag for dag"
audience = "arbeid"
grain = ["steg", "omraade", "periodetype", "periode", "dag"]
versjon = 1
[columns.dag]
unit = "dager siden ventingen begynte"
[columns.nr]
unit = "dagens nummer blant kohortens dager"
[columns.i_fare]
unit = "forløp"
[columns.naadd]
unit = "forløp"
[columns.andre]
unit = "forløp avsluttet eller hoppet over"
[columns.sensurert]
unit = "forløp"
---*/
-- C8: only days on which something happened have a row. At equal times events precede censorings, so both share the risk
-- set: all of the cohort that nothing had happened to before that day.
with per_fylke as (
    select
        steg,
        periodetype,
        periode,
        fylkesnr,
        dager,
        sum(case when utgang = 1 then 1 else 0 end) as naadd,
        sum(case when utgang = 2 then 1 else 0 end) as andre,
        sum(case when utgang = 0 then 1 else 0 end) as sensurert
    from too_kohort
    group by steg, periodetype, periode, fylkesnr, dager
),

per_dag as (
    select
        f.steg,
        o.omraade,
        f.periodetype,
        f.periode,
        f.dager as dag,
        sum(f.naadd) as naadd,
        sum(f.andre) as andre,
        sum(f.sensurert) as sensurert
    from per_fylke as f
    inner join too_omraade as o
        on
            f.periodetype = o.periodetype
            and f.periode = o.periode
            and f.fylkesnr = o.fylkesnr
    where
        o.omraade not like 'region_%'
        and (f.periodetype = 'aar' or o.omraade = 'landet')
    group by f.steg, o.omraade, f.periodetype, f.periode, f.dager
)

select
    steg,
    omraade,
    periodetype,
    periode,
    cast(dag as bigint) as dag,
    cast(row_number() over (partition by steg, omraade, periodetype, periode order by dag) as bigint) as nr,
    sum(naadd + andre + sensurert) over (
        partition by steg, omraade, periodetype, periode
        order by dag rows between current row and unbounded following
    ) as i_fare,
    naadd,
    andre,
    sensurert
from per_dag
order by steg, omraade, periodetype, periode, dag
