/*---
title = "Hvor mange som ventet hvor mange dager"
audience = "arbeid"
grain = ["steg", "omraade", "periodetype", "periode", "populasjon", "pauser", "dager"]
versjon = 1
[columns.dager]
unit = "dager"
[columns.antall]
unit = "forløp"
---*/
-- One pass gives each wait twice, with and without pauses. (A union of two grouped halves, each with a constant in
-- `pauser`, came back from the engine with groups in two parts; the grain check found it.)
with begge as (
    select
        steg,
        periodetype,
        periode,
        populasjon,
        fylkesnr,
        unnest(make_array('med', 'uten')) as pauser,
        unnest(make_array(cast(dager as bigint), cast(dager_uten as bigint))) as dager
    from too_maaling_periode
),

per_fylke as (
    select
        steg,
        periodetype,
        periode,
        populasjon,
        fylkesnr,
        pauser,
        dager,
        count(*) as antall
    from begge
    group by steg, periodetype, periode, populasjon, fylkesnr, pauser, dager
)

select
    f.steg,
    o.omraade,
    f.periodetype,
    f.periode,
    f.populasjon,
    f.pauser,
    f.dager,
    sum(f.antall) as antall
from per_fylke as f
inner join too_omraade as o
    on
        f.periodetype = o.periodetype
        and f.periode = o.periode
        and f.fylkesnr = o.fylkesnr
group by f.steg, o.omraade, f.periodetype, f.periode, f.populasjon, f.pauser, f.dager
order by f.steg, o.omraade, f.periodetype, f.periode, f.populasjon, f.pauser, f.dager
