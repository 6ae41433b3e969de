/*---
title = "Stratum for hver byttegruppe: gruppen selv, ATC-koden eller øvrige"
audience = "arbeid"
grain = ["vindu", "byttegruppe"]
versjon = 1
[columns.vindu]
unit = "1 siste 12 måneder, 2 de 12 månedene før"
between = [1, 2]
[columns.byttegruppe]
unit = "Byttegruppe/Kode@V"
[columns.stratum_n]
unit = "forskrivninger i stratumet, eller utleveringer når nummer mangler"
[columns.stratum_r]
unit = "som stratum_n, reservert av legen"
---*/
with plassert as (
    select
        b.vindu,
        b.byttegruppe,
        b.n,
        b.r,
        case
            when b.eget_stratum = 1 and b.byttegruppe < 1000000
                then lpad(cast(b.byttegruppe as varchar), 6, '0')
            when b.eget_stratum = 1 then cast(b.byttegruppe as varchar)
            when a.eget_stratum = 1 then b.atc
            else 'øvrige'
        end as stratum
    from byttegruppe_grunnlag as b
    left join atc_grunnlag as a
        on
            b.vindu = a.vindu
            and b.atc = a.atc
)

select
    vindu,
    byttegruppe,
    stratum,
    sum(n) over (partition by vindu, stratum) as stratum_n,
    sum(r) over (partition by vindu, stratum) as stratum_r
from plassert
order by vindu, byttegruppe
