/*---
title = "Vinduet på 12 måneder, og det forrige"
audience = "arbeid"
grain = ["vindu"]
versjon = 1
[columns.vindu]
unit = "1 siste 12 måneder, 2 de 12 månedene før"
between = [1, 2]
[columns.fra_maaned]
unit = "ååååmm"
[columns.til_maaned]
unit = "ååååmm"
[columns.komplett]
unit = "0 nei, 1 ja"
between = [0, 1]
[columns.teller_forskrivninger]
unit = "0 nei, 1 ja"
between = [0, 1]
---*/
-- A2: the previous window is the 12 months before the window. It is there before its months are; then it is not complete.
with siste as (
    select
        fra_maaned / 100 * 12 + fra_maaned % 100 - 1 as fra_nr,
        fra_maaned,
        til_maaned,
        til_dato,
        fra_dato,
        komplett,
        teller_forskrivninger
    from reservasjon_vindu
),

forrige as (
    select
        s.fra_nr - 12 as fra_nr,
        s.fra_nr - 1 as til_nr,
        cast(cast(s.fra_dato as int) - 1 as date) as til_dato,
        count(m.maaned) as maaneder,
        coalesce(min(m.med_nr), 0) as med_nr
    from siste as s
    left join reservasjon_maaned as m on m.maaned_nr between s.fra_nr - 12 and s.fra_nr - 1
    group by s.fra_nr, s.fra_dato
)

select
    arrow_cast(1, 'Int32') as vindu,
    fra_maaned,
    til_maaned,
    til_dato,
    komplett,
    teller_forskrivninger
from siste
union all
select
    arrow_cast(2, 'Int32') as vindu,
    cast(fra_nr / 12 * 100 + fra_nr % 12 + 1 as int) as fra_maaned,
    cast(til_nr / 12 * 100 + til_nr % 12 + 1 as int) as til_maaned,
    til_dato,
    case when maaneder = 12 then 1 else 0 end as komplett,
    med_nr as teller_forskrivninger
from forrige
order by vindu
