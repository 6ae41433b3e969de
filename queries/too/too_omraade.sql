/*---
title = "Hvilke fylker som teller i hvert område og periode"
audience = "arbeid"
grain = ["periodetype", "periode", "omraade", "fylkesnr"]
versjon = 1
[columns.fylkesnr]
unit = "fylkesnummer; 99 er ukjent"
---*/
-- C2: a county counts in a period when all of it is complete; the nation and the regions are the counties that count.
with fylker as (
    select
        p.periodetype,
        p.periode,
        f.fylkesnr,
        f.region
    from too_periode as p
    inner join fylke as f on p.struktur = f.struktur
    inner join too_komplett as k
        on
            f.fylkesnr = k.fylkesnr
            and k.komplett_dato >= p.til_dato
),

med_ukjent as (
    select
        periodetype,
        periode,
        fylkesnr,
        lpad(cast(fylkesnr as varchar), 2, '0') as eget,
        region,
        'landet' as landet
    from fylker
    union all
    select distinct
        periodetype,
        periode,
        99 as fylkesnr,
        '99' as eget,
        null as region,
        'landet' as landet
    from fylker
),

-- One pass over the counties gives each its three areas.
omraader as (
    select
        periodetype,
        periode,
        fylkesnr,
        unnest(make_array(eget, region, landet)) as omraade
    from med_ukjent
)

select
    periodetype,
    periode,
    omraade,
    fylkesnr
from omraader
where omraade is not null
order by periodetype, periode, omraade, fylkesnr
