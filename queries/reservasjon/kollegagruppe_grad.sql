/*---
title = "Reservasjonsgradene i hver gruppe av kolleger, i rekkefølge"
audience = "arbeid"
grain = ["gruppetype", "gruppe", "rang"]
versjon = 1
[columns.gruppetype]
unit = "som i kollegagruppe_medlem"
between = [1, 6]
[columns.gruppe]
unit = "koden som medlemmene deler"
[columns.rang]
unit = "plass etter reservasjonsgrad, 1 er lavest"
[columns.antall]
unit = "leger i gruppen"
[columns.n]
unit = "forskrivninger, eller utleveringer når nummer mangler"
[columns.r]
unit = "som n, reservert av legen"
---*/
-- B10: peers are funnel doctors, the reader among them; A3: ranks by row_number.
select
    m.gruppetype,
    m.gruppe,
    cast(
        row_number() over (
            partition by m.gruppetype, m.gruppe order by cast(t.r as double) / cast(t.n as double), t.rekvirent_hpr
        ) as bigint
    ) as rang,
    count(*) over (partition by m.gruppetype, m.gruppe) as antall,
    t.n,
    t.r
from kollegagruppe_medlem as m
inner join trakt_lege as t
    on
        m.rekvirent_hpr = t.rekvirent_hpr
        and t.vindu = 1
where m.gruppe is not null
order by m.gruppetype, m.gruppe, rang
