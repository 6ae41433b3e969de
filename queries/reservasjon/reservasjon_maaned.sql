/*---
title = "Leverte måneder, og hva som kan telles i dem"
audience = "arbeid"
grain = ["maaned"]
versjon = 1
[columns.maaned]
unit = "ååååmm"
[columns.maaned_nr]
unit = "måneder siden år 0"
[columns.med_nr]
unit = "0 nei, 1 ja"
between = [0, 1]
[[sjekk]]
navn = "hull_mellom_maaneder"
sql = "select 1 as funn from (select max(maaned_nr) - min(maaned_nr) + 1 - count(*) as hull from reservasjon_maaned) where hull > 0"
melding = "a month between delivered months of utlevering is missing; deliver it"
[[sjekk]]
navn = "ingen_maaned"
sql = "select 1 as funn from (select count(*) as n from reservasjon_maaned) where n = 0"
melding = "no month of utlevering has been accepted; deliver one"
---*/
-- B1: where utlevering_nr is missing in the grunnlag, prescriptions cannot be told from dispensings. A delivery has the
-- column on every line or on none: an empty cell is a bad row, see the contract.
with leverte as (
    select distinct maaned
    from mottak
    where
        kilde = 'utlevering'
        and regel = 'mottatt'
),

uten as (
    select
        maaned,
        sum(uten_nr) as uten_nr
    from lege_klasse_maaned
    group by maaned
)

select
    l.maaned,
    l.maaned / 100 * 12 + l.maaned % 100 - 1 as maaned_nr,
    case when coalesce(u.uten_nr, 0) = 0 then 1 else 0 end as med_nr
from leverte as l
left join uten as u on l.maaned = u.maaned
order by l.maaned
