/*---
title = "Siste måned i en ubrutt rekke komplette TOO-leveranser, per fylke"
audience = "arbeid"
grain = ["fylkesnr"]
versjon = 1
[columns.fylkesnr]
unit = "fylkesnummer"
[columns.komplett_til]
unit = "ååååmm"
---*/
-- C2: a month is complete when the announced count agrees with the delivered rows of any status, quarantined or not; a
-- row that is delivered twice is one.
with rader as (
    select
        fylkesnr,
        cast(date_part('year', registrert_dato) * 100 + date_part('month', registrert_dato) as int) as maaned,
        count(distinct hendelse_guid) as antall
    from too_hendelse
    group by fylkesnr, cast(date_part('year', registrert_dato) * 100 + date_part('month', registrert_dato) as int)
),

karantene as (
    select
        cast(fylkesnr as int) as fylkesnr,
        maaned,
        sum(antall) as antall
    from mottak
    where
        kilde = 'too_hendelse'
        and regel not in ('mottatt', 'lagret')
        and fylkesnr is not null
    group by cast(fylkesnr as int), maaned
),

maaneder as (
    select
        l.fylkesnr,
        l.maaned,
        l.maaned / 100 * 12 + l.maaned % 100 - 1 as maaned_nr,
        case when l.antall_hendelser = coalesce(r.antall, 0) + coalesce(k.antall, 0) then 1 else 0 end as stemmer
    from too_leveranse as l
    left join rader as r
        on
            l.fylkesnr = r.fylkesnr
            and l.maaned = r.maaned
    left join karantene as k
        on
            l.fylkesnr = k.fylkesnr
            and l.maaned = k.maaned
),

rekker as (
    select
        fylkesnr,
        maaned,
        min(stemmer) over (partition by fylkesnr order by maaned_nr) as alle_stemmer,
        maaned_nr - min(maaned_nr) over (partition by fylkesnr)
        + 1 - row_number() over (partition by fylkesnr order by maaned_nr) as hull
    from maaneder
),

siste as (
    select
        fylkesnr,
        max(maaned) as komplett_til
    from rekker
    where
        alle_stemmer = 1
        and hull = 0
    group by fylkesnr
)

select
    fylkesnr,
    komplett_til,
    cast(
        cast(
            make_date(
                cast(komplett_til / 100 + komplett_til % 100 / 12 as int),
                cast(komplett_til % 100 % 12 + 1 as int),
                1
            ) as int
        ) - 1 as date
    ) as komplett_dato
from siste
order by fylkesnr
