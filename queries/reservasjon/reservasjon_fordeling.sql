/*---
title = "Hvordan legenes reservasjonsgrad fordeler seg, siste 12 måneder"
audience = "offentlig"
grain = ["til_maaned"]
versjon = 1
[columns.n_leger]
unit = "leger"
mangler = "færre enn 12 måneder er levert"
[columns.p10]
unit = "andel"
between = [0, 1]
mangler = "for få leger, eller færre enn 12 måneder er levert"
[columns.p25]
unit = "andel"
between = [0, 1]
mangler = "for få leger, eller færre enn 12 måneder er levert"
[columns.p50]
unit = "andel"
between = [0, 1]
mangler = "for få leger, eller færre enn 12 måneder er levert"
[columns.p75]
unit = "andel"
between = [0, 1]
mangler = "for få leger, eller færre enn 12 måneder er levert"
[columns.p90]
unit = "andel"
between = [0, 1]
mangler = "for få leger, eller færre enn 12 måneder er levert"
---*/
-- A3: percentile k is the value of rank (k·n + 99) / 100. B10: rounded to half percentage points, by integers.
-- A2: before 12 months are delivered it is not known how many doctors there are to compare; that is not none.
with rangert as (
    select
        (400 * r + n) / (2 * n) as halve_prosentpoeng,
        row_number() over (order by cast(r as double) / cast(n as double), rekvirent_hpr) as rang,
        count(*) over () as antall
    from trakt_lege
    where vindu = 1
),

verdier as (
    select
        count(*) as n_leger,
        max(case when rang = (10 * antall + 99) / 100 then halve_prosentpoeng end) as p10,
        max(case when rang = (25 * antall + 99) / 100 then halve_prosentpoeng end) as p25,
        max(case when rang = (50 * antall + 99) / 100 then halve_prosentpoeng end) as p50,
        max(case when rang = (75 * antall + 99) / 100 then halve_prosentpoeng end) as p75,
        max(case when rang = (90 * antall + 99) / 100 then halve_prosentpoeng end) as p90
    from rangert
)

select
    v.fra_maaned_tekst as fra_maaned,
    v.til_maaned_tekst as til_maaned,
    case when v.komplett = 1 then f.n_leger end as n_leger,
    case when f.n_leger >= $persentil_desil then cast(f.p10 as double) / 200 end as p10,
    case when f.n_leger >= $persentil_kvartil then cast(f.p25 as double) / 200 end as p25,
    case when f.n_leger >= $persentil_kvartil then cast(f.p50 as double) / 200 end as p50,
    case when f.n_leger >= $persentil_kvartil then cast(f.p75 as double) / 200 end as p75,
    case when f.n_leger >= $persentil_desil then cast(f.p90 as double) / 200 end as p90,
    case when f.n_leger >= $persentil_kvartil then 'vist' else 'mangler' end as status
from reservasjon_vindu as v
cross join verdier as f
order by til_maaned
