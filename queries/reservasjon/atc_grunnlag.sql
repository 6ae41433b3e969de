/*---
title = "ATC-kodens grunnlag i vinduet: byttegrupper som ikke er egne strata"
audience = "arbeid"
grain = ["atc"]
versjon = 1
[columns.eget_stratum]
unit = "0 nei, 1 ja"
between = [0, 1]
---*/
-- B5: the same test on the lines of those groups alone.
with leger_i_atc as (
    select
        b.atc,
        g.rekvirent_hpr,
        sum(g.n) as n
    from lege_gruppe as g
    inner join byttegruppe_grunnlag as b on g.byttegruppe = b.byttegruppe
    where
        b.eget_stratum = 0
        and b.atc is not null
        and g.n > 0
    group by b.atc, g.rekvirent_hpr
)

select
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
group by atc
order by atc
