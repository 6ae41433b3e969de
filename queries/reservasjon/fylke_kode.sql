/*---
title = "Fylket som et kommunenummer hører til i strukturen ved slutten av vinduet"
audience = "arbeid"
grain = ["kode"]
versjon = 1
[columns.kode]
unit = "to første sifre i kommunenummeret"
[columns.fylkesnr]
unit = "fylkesnummer"
---*/
-- B12: a register may still hold the code that a practice had before the counties changed. A code that went into one
-- county is that county; one that was split (30, 38 and 54 in 2024) tells no county and is left out: 99. So are 19 and 20
-- of 2018, which went through 54. Codes are never used again for another county.
with gjeldende as (
    select max(f.struktur) as struktur
    from fylke as f
    inner join reservasjon_vindu as v on f.struktur * 100 + 1 <= v.til_maaned
),

fylkene as (
    select f.fylkesnr
    from fylke as f
    inner join gjeldende as g on f.struktur = g.struktur
),

koder as (
    select
        f.fylkesnr as kode,
        f.fylkesnr_2020 as senere
    from fylke as f
    inner join gjeldende as g on f.struktur <= g.struktur
    group by f.fylkesnr, f.fylkesnr_2020
)

select distinct
    k.kode,
    coalesce(i_dag.fylkesnr, senere.fylkesnr) as fylkesnr
from koder as k
left join fylkene as i_dag on k.kode = i_dag.fylkesnr
left join fylkene as senere on k.senere = senere.fylkesnr
where coalesce(i_dag.fylkesnr, senere.fylkesnr) is not null
order by k.kode
