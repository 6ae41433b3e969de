/*---
title = "Antall leger etter reservasjonsgrad, blant alle og blant leger med samme spesialitet som deg"
audience = "lege"
grain = ["rekvirent_hpr", "gruppe", "fra_prosent"]
mappe = "rekvirent_hpr"
versjon = 1
kan_vaere_tom = "for få leger har nok forskrivninger til å sammenlignes, eller færre enn 12 måneder er levert"
[columns.rekvirent_hpr]
unit = "HPR-nummer"
[columns.fra_prosent]
unit = "prosent, fra og med"
between = [0, 100]
[columns.til_prosent]
unit = "prosent, til"
between = [1, 100]
mangler = "øverste gruppe er åpen"
[columns.n_leger]
unit = "leger"
---*/
-- B10's bins for two of the reader's groups: small enough to lie in every folder.
select
    l.rekvirent_hpr,
    case m.gruppetype when 1 then 'alle' when 2 then 'spesialitet' end as gruppe,
    f.fra_prosent,
    f.til_prosent,
    f.n_leger,
    'vist' as status
from reservasjonsgrad_lege as l
inner join kollegagruppe_medlem as m
    on
        l.rekvirent_hpr = m.rekvirent_hpr
        and m.gruppetype in (1, 2)
inner join kollegagruppe_fordeling as f
    on
        m.gruppetype = f.gruppetype
        and m.gruppe = f.gruppe
order by l.rekvirent_hpr, gruppe, f.fra_prosent
