/*---
title = "Vinduet på 12 måneder"
audience = "arbeid"
grain = ["til_maaned"]
versjon = 1
[columns.fra_maaned]
unit = "ååååmm"
[columns.til_maaned]
unit = "ååååmm"
[columns.komplett]
unit = "0 nei, 1 ja"
between = [0, 1]
[columns.teller_forskrivninger]
unit = "0 nei, 1 ja"
between = [0, 1]
[[sjekk]]
navn = "ingen_ferdig_maaned"
sql = "select 1 as funn from (select count(*) as n from reservasjon_vindu) where n = 0"
melding = "no delivered month of utlevering is over before the run's date; deliver an earlier month or give a later --as-of"
---*/
-- A2: the 12 calendar months ending with the last month that is delivered and over before the run's date.
with ferdige as (
    select
        maaned,
        maaned_nr,
        med_nr
    from reservasjon_maaned
    where maaned < date_part('year', $as_of) * 100 + date_part('month', $as_of)
),

siste as (
    select max(maaned_nr) as til_nr
    from ferdige
),

vinduet as (
    select
        s.til_nr - 11 as fra_nr,
        s.til_nr,
        count(*) as maaneder,
        min(f.med_nr) as med_nr
    from siste as s
    inner join ferdige as f on f.maaned_nr between s.til_nr - 11 and s.til_nr
    group by s.til_nr
)

select
    cast(fra_nr / 12 * 100 + fra_nr % 12 + 1 as int) as fra_maaned,
    cast(til_nr / 12 * 100 + til_nr % 12 + 1 as int) as til_maaned,
    concat(
        cast(fra_nr / 12 as varchar), '-', lpad(cast(fra_nr % 12 + 1 as varchar), 2, '0')
    ) as fra_maaned_tekst,
    concat(
        cast(til_nr / 12 as varchar), '-', lpad(cast(til_nr % 12 + 1 as varchar), 2, '0')
    ) as til_maaned_tekst,
    make_date(cast(fra_nr / 12 as int), cast(fra_nr % 12 + 1 as int), 1) as fra_dato,
    cast(
        cast(
            make_date(cast((til_nr + 1) / 12 as int), cast((til_nr + 1) % 12 + 1 as int), 1) as int
        ) - 1 as date
    ) as til_dato,
    case when maaneder = 12 then 1 else 0 end as komplett,
    med_nr as teller_forskrivninger
from vinduet
order by til_maaned
