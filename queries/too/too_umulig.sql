/*---
title = "TOO-hendelser som gjør rekkefølgen i forløpet umulig"
audience = "arbeid"
grain = ["forlop_id", "nr"]
versjon = 1
[columns.nr]
unit = "hendelsens nummer i forlop_id"
[columns.forlop_nr]
unit = "forløpets nummer i forlop_id"
---*/
-- C3: an end of team while no team is open, an end of a pause while none is open, anything after the course's end.
with hittil as (
    select
        forlop_id,
        nr,
        forlop_nr,
        hendelse_guid,
        hendelse_type,
        hendelse_dato,
        min(case when hendelse_type in (3, 8) then nr end) over (partition by forlop_id, forlop_nr) as slutt_nr,
        max(case when hendelse_type = 5 then nr * 2 + 1 when hendelse_type = 6 then nr * 2 end) over (
            partition by forlop_id, forlop_nr order by nr rows between unbounded preceding and 1 preceding
        ) as team_foer,
        sum(case when hendelse_type = 11 then 1 when hendelse_type = 12 then -1 else 0 end) over (
            partition by forlop_id, forlop_nr order by nr
        ) as aapne_pauser
    from too_hendelse_ordnet
),

vurdert as (
    select
        forlop_id,
        nr,
        forlop_nr,
        hendelse_guid,
        hendelse_dato,
        case
            when nr > slutt_nr then 'hendelse_etter_slutt'
            when hendelse_type = 6 and coalesce(team_foer, 0) % 2 = 0 then 'team_slutt_uten_team'
            when hendelse_type = 12 and aapne_pauser < 0 then 'pause_til_uten_pause'
        end as regel
    from hittil
)

select
    forlop_id,
    nr,
    forlop_nr,
    hendelse_guid,
    hendelse_dato,
    regel
from vurdert
where regel is not null
order by forlop_id, nr
