/*---
title = "Lege i vinduet: antall, reservert og forventet"
audience = "arbeid"
grain = ["vindu", "rekvirent_hpr"]
versjon = 1
[columns.vindu]
unit = "1 siste 12 måneder, 2 de 12 månedene før"
between = [1, 2]
[columns.rekvirent_hpr]
unit = "HPR-nummer"
[columns.linjer]
unit = "linjer av alle klasser"
[columns.utleveringer]
unit = "utleveringer"
[columns.n]
unit = "forskrivninger, eller utleveringer når nummer mangler"
[columns.r]
unit = "som n, reservert av legen"
[columns.forventet]
unit = "som n, forventet reservert"
[[sjekk]]
navn = "forventet_er_observert"
sql = "select 1 as funn from (select sum(r) as o, sum(forventet) as e from lege_sum group by vindu) where abs(e - o) > 1e-6 * greatest(o, 1)"
melding = "expected reservations do not sum to the observed ones (B5)"
---*/
-- B5: E = Σ n · r_g / n_g. The terms are summed as integers of 10⁻¹⁸, so that the sum does not depend on its order.
with ledd as (
    select
        g.vindu,
        g.rekvirent_hpr,
        g.linjer,
        g.utleveringer,
        g.n,
        g.r,
        cast(
            round(
                coalesce(cast(g.n * s.stratum_r as double) / nullif(cast(s.stratum_n as double), 0), 0) * 1e18
            ) as decimal(38, 0)
        ) as forventet_atto
    from lege_gruppe as g
    left join stratum as s
        on
            g.vindu = s.vindu
            and g.byttegruppe = s.byttegruppe
)

select
    vindu,
    rekvirent_hpr,
    sum(linjer) as linjer,
    sum(utleveringer) as utleveringer,
    sum(n) as n,
    sum(r) as r,
    cast(sum(forventet_atto) as double) / 1e18 as forventet
from ledd
group by vindu, rekvirent_hpr
order by vindu, rekvirent_hpr
