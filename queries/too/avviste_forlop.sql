/*---
title = "TOO-forløp som er avvist fordi rekkefølgen ikke er mulig"
audience = "arbeid"
grain = ["fylkesnr", "forlop_id", "forlop_nr"]
mappe = "fylkesnr"
utboks = "fylke"
versjon = 1
[columns.forlop_nr]
unit = "forløpets nummer i forlop_id"
---*/
-- C3: the county of the course's last event, whose receipt counts it, is told the course, its first impossible event and
-- the delivery that held it. No release may have a course id, so this is handed over outside the portal.
with foerste as (
    select
        forlop_id,
        forlop_nr,
        min(nr) as nr
    from too_umulig
    group by forlop_id, forlop_nr
),

leverte as (
    select
        hendelse_guid,
        concat('too_hendelse_', min(leveranse)) as leveranse
    from too_hendelse
    group by hendelse_guid
)

select
    lpad(cast(f.fylkesnr as varchar), 2, '0') as fylkesnr,
    f.forlop_id,
    f.forlop_nr,
    u.regel,
    u.hendelse_guid,
    u.hendelse_dato,
    l.leveranse
from too_forlop as f
inner join foerste as e
    on
        f.forlop_id = e.forlop_id
        and f.forlop_nr = e.forlop_nr
inner join too_umulig as u
    on
        e.forlop_id = u.forlop_id
        and e.nr = u.nr
inner join leverte as l on u.hendelse_guid = l.hendelse_guid
inner join fylke as k
    on
        f.fylkesnr = k.fylkesnr
        and k.struktur = 2024
order by fylkesnr, f.forlop_id, f.forlop_nr
