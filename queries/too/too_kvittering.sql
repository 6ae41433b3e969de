/*---
title = "Kvittering for TOO-leveranser"
audience = "fylke"
grain = ["fylkesnr", "maaned", "regel"]
mappe = "fylkesnr"
versjon = 1
[columns.antall]
unit = "rader, eller forløp for regler om forløp"
[columns.linjer]
mangler = "radene er ikke i karantene, eller de er slettet"
---*/
-- What became of a county's rows: counted at ingest by the delivery's month, and by the models by the month of the
-- correction or of the course's last event. Courses are counted, never named: no course id is in any release.
with mottatt as (
    select
        cast(fylkesnr as int) as fylkesnr,
        maaned,
        regel,
        sum(antall) as antall,
        string_agg(linjer, '; ' order by linjer) as linjer
    from mottak
    where
        kilde = 'too_hendelse'
        and fylkesnr is not null
    group by cast(fylkesnr as int), maaned, regel
),

ukjent_maal as (
    select
        u.fylkesnr,
        cast(date_part('year', u.registrert_dato) * 100 + date_part('month', u.registrert_dato) as int) as maaned,
        'ukjent_maal' as regel,
        1 as antall
    from too_ulik as u
    left join too_kjede as k on u.hendelse_guid = k.hendelse_guid
    where k.hendelse_guid is null
),

gjentatt as (
    select
        h.fylkesnr,
        cast(date_part('year', h.registrert_dato) * 100 + date_part('month', h.registrert_dato) as int) as maaned,
        'avvist_gjentatt_guid' as regel,
        count(distinct h.hendelse_guid) as antall
    from too_hendelse as h
    left join too_ulik as u on h.hendelse_guid = u.hendelse_guid
    where u.hendelse_guid is null
    group by
        h.fylkesnr,
        cast(date_part('year', h.registrert_dato) * 100 + date_part('month', h.registrert_dato) as int)
),

forlop as (
    select
        fylkesnr,
        cast(date_part('year', siste_dato) * 100 + date_part('month', siste_dato) as int) as maaned,
        unnest(make_array('avvist_rekkefolge', 'dobbel_henvisning', 'uten_henvist')) as regel,
        unnest(
            make_array(
                cast(avvist_rekkefolge as bigint),
                cast(dobbel_henvisning as bigint),
                cast(case when m0 is null then 1 else 0 end as bigint)
            )
        ) as antall
    from too_forlop
),

alle as (
    select
        fylkesnr,
        maaned,
        regel,
        antall,
        linjer
    from mottatt
    union all
    select
        fylkesnr,
        maaned,
        regel,
        antall,
        null as linjer
    from ukjent_maal
    union all
    select
        fylkesnr,
        maaned,
        regel,
        antall,
        null as linjer
    from gjentatt
    union all
    select
        fylkesnr,
        maaned,
        regel,
        antall,
        null as linjer
    from forlop
    where antall > 0
)

select
    lpad(cast(a.fylkesnr as varchar), 2, '0') as fylkesnr,
    concat(cast(a.maaned / 100 as varchar), '-', lpad(cast(a.maaned % 100 as varchar), 2, '0')) as maaned,
    a.regel,
    sum(a.antall) as antall,
    max(a.linjer) as linjer,
    'vist' as status
from alle as a
inner join fylke as f
    on
        a.fylkesnr = f.fylkesnr
        and f.struktur = 2024
group by a.fylkesnr, a.maaned, a.regel
order by fylkesnr, maaned, a.regel
