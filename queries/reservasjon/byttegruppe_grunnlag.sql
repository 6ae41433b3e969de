/*---
title = "Byttegruppens grunnlag i vinduet, og om den er et eget stratum"
audience = "arbeid"
grain = ["vindu", "byttegruppe"]
versjon = 1
[columns.vindu]
unit = "1 siste 12 måneder, 2 de 12 månedene før"
between = [1, 2]
[columns.byttegruppe]
unit = "Byttegruppe/Kode@V"
[columns.n]
unit = "forskrivninger, eller utleveringer når nummer mangler"
[columns.r]
unit = "som n, reservert av legen"
[columns.atc]
mangler = "gruppen er ikke i siste uttrekk"
[columns.eget_stratum]
unit = "0 nei, 1 ja"
between = [0, 1]
---*/
-- B5: enough lines, enough doctors, and none with more than the configured share.
with grupper as (
    select
        vindu,
        byttegruppe,
        sum(n) as n,
        sum(r) as r,
        count(*) as leger,
        max(n) as storste
    from lege_gruppe
    where n > 0
    group by vindu, byttegruppe
)

select
    g.vindu,
    g.byttegruppe,
    g.n,
    g.r,
    a.atc,
    case
        when
            g.n >= $stratum_linjer
            and g.leger >= $stratum_leger
            and g.storste * 100 <= g.n * $stratum_storste_prosent
            then 1
        else 0
    end as eget_stratum
from grupper as g
left join byttegruppe_atc as a
    on
        g.vindu = a.vindu
        and g.byttegruppe = a.byttegruppe
order by g.vindu, g.byttegruppe
