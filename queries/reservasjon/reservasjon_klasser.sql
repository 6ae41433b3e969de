/*---
title = "Hvordan de leverte linjene er klassifisert, siste 12 måneder"
audience = "offentlig"
grain = ["klasse"]
dimensjoner = ["klasse"]
versjon = 1
[columns.linjer]
unit = "linjer"
mangler = "færre enn 12 måneder er levert"
grunnlag = true
storste = "storste"
nest_storste = "nest_storste"
[columns.n_leger]
unit = "leger"
mangler = "linjene er ikke knyttet til leger, eller færre enn 12 måneder er levert"
[columns.storste]
unit = "linjer"
mangler = "linjene er ikke knyttet til leger, eller færre enn 12 måneder er levert"
[columns.nest_storste]
unit = "linjer"
mangler = "linjene er ikke knyttet til leger, eller færre enn 12 måneder er levert"
[[avstemming]]
navn = "klassene_er_alle_linjer"
sql = "select 1 as funn from (select sum(linjer) as n from reservasjon_klasser where klasse in ('maskert', 'ikke_lege', 'virkestoff', 'fest_mangler', 'ukjent_vare', 'ikke_byttbar', 'begrenset_bytte', 'ingen_alternativ', 'grunnlag')) as k cross join (select count(*) as n from linje_klasse as l inner join reservasjon_vindu as v on l.maaned between v.fra_maaned and v.til_maaned) as l where k.n <> l.n"
melding = "the classes do not sum to all net lines of the window (B1)"
---*/
with per_lege as (
    select
        k.klasse,
        k.rekvirent_hpr,
        sum(k.linjer) as linjer
    from lege_klasse_maaned as k
    inner join reservasjon_vindu as v on k.maaned between v.fra_maaned and v.til_maaned
    group by k.klasse, k.rekvirent_hpr
),

rangert as (
    select
        klasse,
        rekvirent_hpr,
        linjer,
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
        sum(case when rekvirent_hpr = 0 then 0 else 1 end) as n_leger,
        max(case when nr = 1 and rekvirent_hpr <> 0 then linjer else 0 end) as storste,
        max(case when nr = 2 and rekvirent_hpr <> 0 then linjer else 0 end) as nest_storste
    from rangert
    group by klasse
),

utenfor as (
    select
        m.regel as klasse,
        sum(m.antall) as linjer
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
        case when klasse = 'maskert' then null else n_leger end as n_leger,
        case when klasse = 'maskert' then null else storste end as storste,
        case when klasse = 'maskert' then null else nest_storste end as nest_storste
    from klasser
    union all
    select
        klasse,
        linjer,
        null as n_leger,
        null as storste,
        null as nest_storste
    from utenfor
)

-- A2: which classes there are is known before 12 months are delivered, how many lines of a year is not.
select
    a.klasse,
    case when v.komplett = 1 then a.linjer end as linjer,
    case when v.komplett = 1 then a.n_leger end as n_leger,
    case when v.komplett = 1 then a.storste end as storste,
    case when v.komplett = 1 then a.nest_storste end as nest_storste,
    case when v.komplett = 1 then 'vist' else 'mangler' end as status
from alle as a
cross join reservasjon_vindu as v
order by a.klasse
