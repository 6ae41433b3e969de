/*---
title = "Hvordan de leverte linjene er klassifisert, siste 12 måneder"
audience = "offentlig"
grain = ["klasse"]
dimensjoner = ["klasse"]
versjon = 1
[columns.linjer]
unit = "linjer"
mangler = "skjult av personvernhensyn, eller færre enn 12 måneder er levert"
grunnlag = true
storste = "storste"
nest_storste = "nest_storste"
[columns.n_leger]
unit = "leger"
mangler = "skjult av personvernhensyn, linjene er ikke knyttet til leger, eller færre enn 12 måneder er levert"
[columns.storste]
unit = "linjer"
mangler = "skjult av personvernhensyn, linjene er ikke knyttet til leger, eller færre enn 12 måneder er levert"
[columns.nest_storste]
unit = "linjer"
mangler = "skjult av personvernhensyn, linjene er ikke knyttet til leger, eller færre enn 12 måneder er levert"
[[avstemming]]
navn = "klassene_er_alle_linjer"
sql = "select 1 as funn from (select sum(linjer) as n from klasse_sum where klasse in ('maskert', 'ikke_lege', 'virkestoff', 'fest_mangler', 'ukjent_vare', 'ikke_byttbar', 'begrenset_bytte', 'ingen_alternativ', 'grunnlag')) as k cross join (select count(*) as n from linje_klasse as l inner join reservasjon_vindu as v on l.maaned between v.fra_maaned and v.til_maaned) as l where k.n <> l.n"
melding = "the classes do not sum to all net lines of the window (B1)"
[[avstemming]]
navn = "klassene_er_de_talte"
sql = "select 1 as funn from reservasjon_klasser as r inner join klasse_sum as k on r.klasse = k.klasse where r.linjer <> k.linjer"
melding = "a class shows another number of lines than were counted (B1)"
---*/
-- A2: which classes there are is known before 12 months are delivered, how many lines of a year is not.
with aktuelle as (
    select
        k.klasse,
        k.linjer,
        k.n_leger,
        k.storste,
        k.nest_storste,
        k.skjult,
        v.fra_maaned_tekst as fra_maaned,
        v.til_maaned_tekst as til_maaned,
        v.komplett,
        v.komplett * (1 - k.skjult) as vises
    from klasse_sum as k
    cross join reservasjon_vindu as v
)

select
    klasse,
    fra_maaned,
    til_maaned,
    case when vises = 1 then linjer end as linjer,
    case when vises = 1 then n_leger end as n_leger,
    case when vises = 1 then storste end as storste,
    case when vises = 1 then nest_storste end as nest_storste,
    case when komplett = 0 then 'mangler' when skjult = 1 then 'skjult' else 'vist' end as status
from aktuelle
order by klasse
