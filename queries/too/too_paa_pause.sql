/*---
title = "Ventende som har pause ved månedens slutt"
audience = "arbeid"
grain = ["steg", "omraade", "periode"]
versjon = 1
[columns.antall]
unit = "forløp"
---*/
-- C5: whoever has a pause is among those who wait, and is counted apart as well, whatever the pause is for. A pause ends
-- on the day of its end: who goes on that day has none.
with paa_pause as (
    select distinct
        m.steg,
        m.periode,
        m.forlop_id,
        m.forlop_nr,
        m.fylkesnr
    from too_maaling_periode as m
    inner join too_periode as p
        on
            m.periodetype = p.periodetype
            and m.periode = p.periode
    inner join too_pause as u
        on
            m.forlop_id = u.forlop_id
            and m.forlop_nr = u.forlop_nr
            and p.til_dato >= u.fra_dato
            and p.til_dato < coalesce(u.til_dato, date '9999-12-31')
    where
        m.populasjon = 'ventende'
        and m.periodetype = 'maaned'
)

select
    u.steg,
    o.omraade,
    u.periode,
    count(*) as antall
from paa_pause as u
inner join too_omraade as o
    on
        u.periode = o.periode
        and u.fylkesnr = o.fylkesnr
        and o.periodetype = 'maaned'
group by u.steg, o.omraade, u.periode
order by u.steg, o.omraade, u.periode
