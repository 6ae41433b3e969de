/*---
title = "ATC-kodens grunnlag i vinduet: byttegrupper som ikke er egne strata"
audience = "arbeid"
grain = ["vindu", "atc"]
versjon = 1
[columns.vindu]
unit = "1 siste 12 måneder, 2 de 12 månedene før"
between = [1, 2]
[columns.eget_stratum]
unit = "0 nei, 1 ja"
between = [0, 1]
---*/
-- B5: the same test on the lines of those groups alone.
with leger_i_atc as (
    select
        b.vindu,
        b.atc,
        g.rekvirent_hpr,
        sum(g.n) as n
    from lege_gruppe as g
    inner join byttegruppe_grunnlag as b 
        on
            g.vindu = b.vindu
            and g.byttegruppe = b.byttegruppe
    where
        b.eget_stratum = 0
        and b.atc is not null
        and g.n > 0
    group by b.vindu, b.atc, g.rekvirent_hpr
)

select
    vindu,
    atc,
    case
        when
            sum(n) >= $stratum_linjer
            and count(*) >= $stratum_leger
            and max(n) * 100 <= sum(n) * $stratum_storste_prosent
            then 1
        else 0
    end as eget_stratum
from leger_i_atc
group by vindu, atc
order by vindu, atc
