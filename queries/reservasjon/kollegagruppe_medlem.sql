/*---
title = "Hvilke grupper av kolleger hver lege hører til"
audience = "arbeid"
grain = ["gruppetype", "rekvirent_hpr"]
versjon = 1
[columns.gruppetype]
unit = "1 alle, 2 samme spesialitet, 3 samme fylke, 4 fastlege eller ikke, 5 samme tredel av listelengde, 6 samme sentralitetsklasse"
between = [1, 6]
[columns.rekvirent_hpr]
unit = "HPR-nummer"
[columns.gruppe]
unit = "koden som medlemmene deler"
mangler = "legen har ikke kjennetegnet"
---*/
-- B10: six ways to be alike. Who counts in a group's figures is decided in `kollegagruppe_grad`.
with typer as (
    select arrow_cast(unnest(range(1, 7)), 'Int8') as gruppetype
)

select
    t.gruppetype,
    k.rekvirent_hpr,
    cast(
        case t.gruppetype
            when 1 then 0
            when 2 then k.spesialitet
            when 3 then k.fylkesnr
            when 4 then k.er_fastlege
            when 5 then k.listetredel
            when 6 then k.sentralitet
        end as int
    ) as gruppe
from lege_kjennetegn as k
cross join typer as t
order by t.gruppetype, k.rekvirent_hpr
