/*---
title = "Linjeklassenes tall, siste 12 måneder, og om måneder kan regnes ut"
audience = "arbeid"
grain = ["klasse"]
versjon = 1
[columns.linjer]
unit = "linjer"
[columns.n_leger]
unit = "leger"
mangler = "linjene er ikke knyttet til leger"
[columns.storste]
unit = "linjer"
mangler = "linjene er ikke knyttet til leger"
[columns.nest_storste]
unit = "linjer"
mangler = "linjene er ikke knyttet til leger"
[columns.skjult]
unit = "0 nei, 1 ja"
between = [0, 1]
---*/
-- B1: the classes, and beside them what had no effect and what was outside. A class that is in no month of one window and in the
-- next one tells what the month holds that came in; so one without lines in the window's first or last month is not shown (D5).
-- That is more than must be hidden of a class that comes and goes: so is it of groups, and what months lack is known of some.
with per_lege as (
    select
        k.klasse,
        k.rekvirent_hpr,
        sum(k.linjer) as linjer,
        sum(case when k.maaned = v.fra_maaned then k.linjer else 0 end) as forste,
        sum(case when k.maaned = v.til_maaned then k.linjer else 0 end) as siste
    from lege_klasse_maaned as k
    inner join reservasjon_vindu as v on k.maaned between v.fra_maaned and v.til_maaned
    group by k.klasse, k.rekvirent_hpr
),

rangert as (
    select
        klasse,
        rekvirent_hpr,
        linjer,
        forste,
        siste,
        row_number() over (
            partition by klasse
            order by case when rekvirent_hpr = 0 then 0 else linjer end desc, rekvirent_hpr
        ) as nr
    from per_lege
),

klasser as (
    select
        klasse,
        sum(linjer) as linjer,
        sum(forste) as forste,
        sum(siste) as siste,
        sum(case when rekvirent_hpr = 0 then 0 else 1 end) as n_leger,
        max(case when nr = 1 and rekvirent_hpr <> 0 then linjer else 0 end) as storste,
        max(case when nr = 2 and rekvirent_hpr <> 0 then linjer else 0 end) as nest_storste
    from rangert
    group by klasse
),

utenfor as (
    select
        m.regel as klasse,
        sum(m.antall) as linjer,
        sum(case when m.maaned = v.fra_maaned then m.antall else 0 end) as forste,
        sum(case when m.maaned = v.til_maaned then m.antall else 0 end) as siste
    from mottak as m
    inner join reservasjon_vindu as v on m.maaned between v.fra_maaned and v.til_maaned
    where
        m.kilde = 'utlevering'
        and m.regel = 'utenfor_hjemmel'
    group by m.regel
),

alle as (
    select
        klasse,
        linjer,
        forste,
        siste,
        case when klasse = 'maskert' then null else n_leger end as n_leger,
        case when klasse = 'maskert' then null else storste end as storste,
        case when klasse = 'maskert' then null else nest_storste end as nest_storste
    from klasser
    union all
    select
        klasse,
        linjer,
        forste,
        siste,
        null as n_leger,
        null as storste,
        null as nest_storste
    from utenfor
)

select
    klasse,
    linjer,
    n_leger,
    storste,
    nest_storste,
    case when forste = 0 or siste = 0 then 1 else 0 end as skjult
from alle
order by klasse
