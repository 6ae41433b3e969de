/*---
title = "Leger som skal ha en side"
audience = "arbeid"
grain = ["rekvirent_hpr"]
versjon = 1
[columns.rekvirent_hpr]
unit = "HPR-nummer"
---*/
-- B12, another way than the pages' own tables go: by classes, not by groups, and without the window's table. A class is
-- a line that stands; a correction without effect is none.
with siste as (
    select max(maaned_nr) as nr
    from reservasjon_maaned
    where maaned < date_part('year', $as_of) * 100 + date_part('month', $as_of)
),

-- The day before the month after the last one.
siste_dag as (
    select
        nr,
        cast(
            cast(make_date(cast((nr + 1) / 12 as int), cast((nr + 1) % 12 + 1 as int), 1) as int) - 1 as date
        ) as dag
    from siste
),

med_linjer as (
    select distinct k.rekvirent_hpr
    from lege_klasse_maaned as k
    inner join reservasjon_maaned as m on k.maaned = m.maaned
    inner join siste as s on m.maaned_nr between s.nr - 11 and s.nr
    where
        k.klasse in (
            'ikke_lege', 'virkestoff', 'fest_mangler', 'ukjent_vare', 'ikke_byttbar',
            'begrenset_bytte', 'ingen_alternativ', 'grunnlag'
        )
        and k.linjer > 0
)

select distinct m.rekvirent_hpr
from med_linjer as m
inner join lege as l on m.rekvirent_hpr = l.rekvirent_hpr
inner join siste_dag as d
    on
        l.gyldig_fra <= d.dag
        and coalesce(l.gyldig_til, d.dag) >= d.dag
order by m.rekvirent_hpr
