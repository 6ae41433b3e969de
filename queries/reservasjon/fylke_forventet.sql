/*---
title = "Forventet antall reserverte i hvert fylke, siste 12 måneder"
audience = "arbeid"
grain = ["fylkesnr"]
versjon = 1
[columns.fylkesnr]
unit = "fylkesnummer; 99 ukjent"
[columns.n]
unit = "forskrivninger, eller utleveringer når nummer mangler"
[columns.forventet]
unit = "som n, forventet reservert"
[[sjekk]]
navn = "forventet_er_observert"
sql = "select 1 as funn from (select coalesce(sum(forventet), 0) as e from fylke_forventet) as f cross join (select coalesce(sum(r), 0) as o from (select stratum, max(stratum_r) as r from stratum where vindu = 1 group by stratum)) as s where abs(f.e - s.o) > 1e-6 * greatest(s.o, 1)"
melding = "the counties' expected reservations do not sum to the observed ones (B5, B12)"
---*/
-- B5 for the lines of a county: what would be reserved there at the nation's rate of each stratum. The terms are summed
-- as integers of 10⁻¹⁸, so that the sum does not depend on its order.
with grupper as (
    select
        cast(coalesce(k.fylkesnr, 99) as int) as fylkesnr,
        m.byttegruppe,
        sum(case when v.teller_forskrivninger = 1 then m.forskrivninger else m.utleveringer end) as n
    from fylke_gruppe_maaned as m
    inner join reservasjon_vindu as v on m.maaned between v.fra_maaned and v.til_maaned
    left join fylke_kode as k on m.fylkesnr = k.kode
    group by coalesce(k.fylkesnr, 99), m.byttegruppe
)

select
    g.fylkesnr,
    sum(g.n) as n,
    cast(
        sum(
            cast(
                round(
                    coalesce(cast(g.n * s.stratum_r as double) / nullif(cast(s.stratum_n as double), 0), 0) * 1e18
                ) as decimal(38, 0)
            )
        ) as double
    ) / 1e18 as forventet
from grupper as g
left join stratum as s
    on
        s.vindu = 1
        and g.byttegruppe = s.byttegruppe
group by g.fylkesnr
order by g.fylkesnr
