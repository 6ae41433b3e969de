/*---
title = "TOO-forløp etter finansiering per periode, med fylke i periodens struktur"
audience = "arbeid"
grain = ["periodetype", "periode", "maal", "forlop_id", "forlop_nr"]
versjon = 1
[columns.forlop_nr]
unit = "forløpets nummer i forlop_id"
[columns.dager]
unit = "dager fra henvisning til tannbehandling"
mangler = "gjelder bare dem som kom til tannbehandling"
[columns.fylkesnr]
unit = "fylkesnummer; 99 er ukjent"
---*/
-- C5 and C6. Where a code was split in 2024, the unit says the county: of a wait that ended on the day it did (or, before
-- the split, on its first day), as in too_maaling_periode; of the rest on the period's last day, as in
-- too_fylke_i_periode. So the rows of the grant equal the tables made from those. Rolling years are those that end with a
-- tertial (D2).
with i_periode as (
    select
        p.periodetype,
        p.periode,
        p.struktur,
        m.maal,
        m.dag,
        m.forlop_id,
        m.forlop_nr,
        m.finansiering,
        m.dager,
        m.fylkesnr,
        m.enhet_orgnr,
        case when m.maal = 'avviklet' then greatest(m.dag, date '2024-01-01') else p.til_dato end as stedsdag
    from too_periode as p
    inner join too_finansiering_maaling as m on m.dag between p.fra_dato and p.til_dato
    where
        (m.maal <> 'ventende' or m.dag = p.til_dato)
        and (p.periodetype <> 'rullerende12' or date_part('month', p.til_dato) in (4, 8, 12))
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
    i.maal,
    i.dag,
    i.forlop_id,
    i.forlop_nr,
    i.finansiering,
    i.dager,
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
order by i.periodetype, i.periode, i.maal, i.forlop_id, i.forlop_nr
