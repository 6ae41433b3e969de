/*---
title = "Hvordan reservasjonsgraden fordeler seg i hver gruppe av kolleger"
audience = "arbeid"
grain = ["gruppetype", "gruppe"]
versjon = 1
[columns.gruppetype]
unit = "som i kollegagruppe_medlem"
between = [1, 6]
[columns.gruppe]
unit = "koden som medlemmene deler"
[columns.antall]
unit = "leger i gruppen"
[columns.p10]
unit = "halve prosentpoeng"
[columns.p25]
unit = "halve prosentpoeng"
[columns.p50]
unit = "halve prosentpoeng"
[columns.p75]
unit = "halve prosentpoeng"
[columns.p90]
unit = "halve prosentpoeng"
---*/
-- A3: percentile k is the value of rank (k·n + 99) / 100. B10: rounded to half percentage points, by integers.
select
    gruppetype,
    gruppe,
    count(*) as antall,
    max(case when rang = (10 * antall + 99) / 100 then (400 * r + n) / (2 * n) end) as p10,
    max(case when rang = (25 * antall + 99) / 100 then (400 * r + n) / (2 * n) end) as p25,
    max(case when rang = (50 * antall + 99) / 100 then (400 * r + n) / (2 * n) end) as p50,
    max(case when rang = (75 * antall + 99) / 100 then (400 * r + n) / (2 * n) end) as p75,
    max(case when rang = (90 * antall + 99) / 100 then (400 * r + n) / (2 * n) end) as p90
from kollegagruppe_grad
group by gruppetype, gruppe
order by gruppetype, gruppe
