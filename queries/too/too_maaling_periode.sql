/*---
title = "Ventinger per periode, med fylke i periodens struktur"
audience = "arbeid"
grain = ["periodetype", "periode", "populasjon", "steg", "forlop_id", "forlop_nr", "vent_nr"]
versjon = 3
[columns.forlop_nr]
unit = "forløpets nummer i forlop_id"
[columns.vent_nr]
unit = "ventingens nummer i forløpet"
[columns.dager]
unit = "dager"
[columns.dager_uten]
unit = "dager uten pauser"
[columns.fylkesnr]
unit = "fylkesnummer; 99 er ukjent"
---*/
-- C5 and C6: a wait that ended stands under the county on the day of Mb. A code that was split in 2024 becomes the county of
-- the unit, valid on that day, else 99; what happens to the unit later moves nobody. Of a day before 2024 in a rolling year
-- that ends later: where the unit came on the first day of 2024. Those who wait at a month's end are the same whatever
-- period ends there; only the month has rows for them.
with i_periode as (
    select
        p.periodetype,
        p.periode,
        p.struktur,
        greatest(m.dag, date '2024-01-01') as stedsdag,
        m.populasjon,
        m.steg,
        m.forlop_id,
        m.forlop_nr,
        m.vent_nr,
        m.dager,
        m.dager_uten,
        m.fylkesnr,
        m.enhet_orgnr
    from too_periode as p
    inner join too_maaling as m on m.dag between p.fra_dato and p.til_dato
    where
        m.populasjon = 'avviklet'
        or (p.periodetype = 'maaned' and m.dag = p.til_dato)
),

koder as (
    select
        fylkesnr,
        max(fylkesnr_2020) as fylkesnr_2020
    from fylke
    where struktur < 2024
    group by fylkesnr
)

select
    i.periodetype,
    i.periode,
    i.populasjon,
    i.steg,
    i.forlop_id,
    i.forlop_nr,
    i.vent_nr,
    i.dager,
    i.dager_uten,
    cast(
        case
            when i.struktur = 2024 and coalesce(k.fylkesnr_2020, i.fylkesnr) in (30, 38, 54)
                then coalesce(f.fylkesnr, 99)
            else coalesce(k.fylkesnr_2020, i.fylkesnr)
        end as bigint
    ) as fylkesnr
from i_periode as i
left join koder as k on i.fylkesnr = k.fylkesnr
left join enhet as e
    on
        i.enhet_orgnr = e.enhet_orgnr
        and i.stedsdag between e.gyldig_fra and coalesce(e.gyldig_til, date '9999-12-31')
left join fylke as f
    on
        e.fylkesnr = f.fylkesnr
        and f.struktur = 2024
order by i.periodetype, i.periode, i.populasjon, i.steg, i.forlop_id, i.forlop_nr, i.vent_nr
