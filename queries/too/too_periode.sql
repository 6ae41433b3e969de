/*---
title = "Perioder det gis ventetider for"
audience = "arbeid"
grain = ["periodetype", "periode"]
versjon = 1
[columns.struktur]
unit = "år fylkeskodene gjelder fra"
[columns.forelopig]
unit = "0 nei, 1 ja"
---*/
-- A1 and C2: periods that lie wholly between the first event's month and the run's date.
with grenser as (
    select
        cast(
            date_part('year', min(hendelse_dato)) * 12 + date_part('month', min(hendelse_dato)) - 1 as bigint
        ) as foerste_nr,
        cast(date_part('year', $as_of) * 12 + date_part('month', $as_of) - 2 as bigint) as siste_nr
    from too_gjeldende
),

maaneder as (
    select
        foerste_nr,
        unnest(range(foerste_nr, siste_nr + 1)) as nr
    from grenser
    where foerste_nr is not null
),

perioder as (
    select
        'maaned' as periodetype,
        nr as fra_nr,
        nr as til_nr,
        concat(cast(nr / 12 as varchar), '-', lpad(cast(nr % 12 + 1 as varchar), 2, '0')) as periode,
        foerste_nr
    from maaneder
    union all
    select
        'tertial' as periodetype,
        nr - 3 as fra_nr,
        nr as til_nr,
        concat(cast(nr / 12 as varchar), '-T', cast((nr % 12 + 1) / 4 as varchar)) as periode,
        foerste_nr
    from maaneder
    where (nr + 1) % 4 = 0
    union all
    select
        'aar' as periodetype,
        nr - 11 as fra_nr,
        nr as til_nr,
        cast(nr / 12 as varchar) as periode,
        foerste_nr
    from maaneder
    where (nr + 1) % 12 = 0
    union all
    select
        'rullerende12' as periodetype,
        nr - 11 as fra_nr,
        nr as til_nr,
        concat(cast(nr / 12 as varchar), '-', lpad(cast(nr % 12 + 1 as varchar), 2, '0')) as periode,
        foerste_nr
    from maaneder
),

datert as (
    select
        periodetype,
        periode,
        make_date(cast(fra_nr / 12 as int), cast(fra_nr % 12 + 1 as int), 1) as fra_dato,
        cast(
            cast(make_date(cast((til_nr + 1) / 12 as int), cast((til_nr + 1) % 12 + 1 as int), 1) as int) - 1 as date
        ) as til_dato
    from perioder
    where fra_nr >= foerste_nr
)

select
    periodetype,
    periode,
    fra_dato,
    til_dato,
    case when til_dato < date '2024-01-01' then 2020 else 2024 end as struktur,
    case
        when cast(cast($as_of as date) as int) <= cast(til_dato as int) + $too_forelopig_dager then 1 else 0
    end as forelopig
from datert
order by periodetype, periode
