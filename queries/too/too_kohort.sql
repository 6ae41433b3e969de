/*---
title = "Kohorter: hva som ble av hver venting i TOO, og når"
audience = "arbeid"
grain = ["steg", "periodetype", "periode", "forlop_id", "forlop_nr", "vent_nr"]
versjon = 1
[columns.forlop_nr]
unit = "forløpets nummer i forlop_id"
[columns.vent_nr]
unit = "ventingens nummer i forløpet"
[columns.fylkesnr]
unit = "fylkesnummer da ventingen begynte; 99 er ukjent"
[columns.dager]
unit = "dager"
between = [0, 100000]
[columns.utgang]
unit = "0 sensurert, 1 nådd, 2 avsluttet eller hoppet over"
---*/
-- C8: the cohort of a year (of the nation also of a tertial) is every wait that began in it, in the county of that day.
-- A wait that goes on is followed to the last complete day of the course's last county: of the county whose code its last
-- event has and of the one that it is in by now (C6), the later.
with siste_dag as (
    select max(til_dato) as dag
    from too_periode
    where periodetype = 'maaned'
),

fulgt as (
    select
        f.forlop_id,
        f.forlop_nr,
        greatest(e.komplett_dato, n.komplett_dato) as fulgt_til
    from too_forlop as f
    cross join siste_dag as d
    inner join too_opphold as o
        on
            f.forlop_id = o.forlop_id
            and f.forlop_nr = o.forlop_nr
            and d.dag between o.fra_dato and coalesce(o.til_dato, date '9999-12-31')
    left join too_komplett as e on f.fylkesnr = e.fylkesnr
    left join too_komplett as n on o.fylkesnr = n.fylkesnr
),

begynt as (
    select
        v.steg,
        p.periodetype,
        p.periode,
        v.forlop_id,
        v.forlop_nr,
        v.vent_nr,
        v.fra_dato,
        v.til_dato,
        v.utfall
    from too_vent as v
    inner join too_periode as p on v.fra_dato between p.fra_dato and p.til_dato
    where p.periodetype in ('aar', 'tertial')
)

select
    b.steg,
    b.periodetype,
    b.periode,
    b.forlop_id,
    b.forlop_nr,
    b.vent_nr,
    o.fylkesnr,
    cast(coalesce(b.til_dato, s.fulgt_til) as int) - cast(b.fra_dato as int) as dager,
    case b.utfall
        when 'naadd' then 1
        when 'venter' then 0
        else 2
    end as utgang
from begynt as b
inner join too_opphold as o
    on
        b.forlop_id = o.forlop_id
        and b.forlop_nr = o.forlop_nr
        and b.fra_dato between o.fra_dato and coalesce(o.til_dato, date '9999-12-31')
inner join fulgt as s
    on
        b.forlop_id = s.forlop_id
        and b.forlop_nr = s.forlop_nr
order by b.steg, b.periodetype, b.periode, b.forlop_id, b.forlop_nr, b.vent_nr
