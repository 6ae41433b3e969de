/*---
title = "Lege i vinduet: utleveringer som ikke er i grunnlaget"
audience = "arbeid"
grain = ["rekvirent_hpr"]
versjon = 1
[columns.rekvirent_hpr]
unit = "HPR-nummer"
[columns.ikke_lege]
unit = "utleveringer, skrevet da forskriveren ikke var registrert som lege"
[columns.andre]
unit = "utleveringer som ikke er i grunnlaget av andre grunner"
---*/
-- B1: the first class that holds is a line's, so `andre` were prescribed by a doctor. Why somebody has no rate is read from here.
select
    k.rekvirent_hpr,
    sum(case when k.klasse = 'ikke_lege' then k.linjer else 0 end) as ikke_lege,
    sum(case when k.klasse = 'ikke_lege' then 0 else k.linjer end) as andre
from lege_klasse_maaned as k
inner join reservasjon_vindu as v on k.maaned between v.fra_maaned and v.til_maaned
where
    k.rekvirent_hpr <> 0
    and k.klasse in (
        'ikke_lege', 'virkestoff', 'fest_mangler', 'ukjent_vare', 'ikke_byttbar', 'begrenset_bytte', 'ingen_alternativ'
    )
group by k.rekvirent_hpr
order by k.rekvirent_hpr
