/*---
title = "Stratum for hver byttegruppe: gruppen selv, ATC-koden eller øvrige"
audience = "arbeid"
grain = ["byttegruppe"]
versjon = 1
[columns.byttegruppe]
unit = "Byttegruppe/Kode@V"
[columns.stratum_n]
unit = "forskrivninger i stratumet, eller utleveringer når nummer mangler"
[columns.stratum_r]
unit = "som stratum_n, reservert av legen"
---*/
with plassert as (
    select
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
    left join atc_grunnlag as a on b.atc = a.atc
)

select
    byttegruppe,
    stratum,
    sum(n) over (partition by stratum) as stratum_n,
    sum(r) over (partition by stratum) as stratum_r
from plassert
order by byttegruppe
