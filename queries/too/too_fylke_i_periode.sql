/*---
title = "Hvilket fylke en hendelses fylke og enhet er i en periode"
audience = "arbeid"
grain = ["periodetype", "periode", "levert_fylkesnr", "enhet_orgnr"]
versjon = 1
[columns.levert_fylkesnr]
unit = "fylkesnummer som levert"
[columns.enhet_orgnr]
unit = "organisasjonsnummer"
[columns.fylkesnr]
unit = "fylkesnummer; 99 er ukjent"
---*/
-- C6: a code that was split in 2024 becomes the county of the unit, valid on the period's last day, else 99. Rolling years
-- are those that end with a tertial (D2).
with steder as (
    select distinct
        fylkesnr,
        enhet_orgnr
    from too_hendelse_fase
),

koder as (
    select
        fylkesnr,
        max(fylkesnr_2020) as fylkesnr_2020
    from fylke
    where struktur < 2024
    group by fylkesnr
),

perioder as (
    select
        periodetype,
        periode,
        til_dato,
        struktur
    from too_periode
    where
        periodetype <> 'rullerende12'
        or date_part('month', til_dato) in (4, 8, 12)
)

select
    p.periodetype,
    p.periode,
    s.fylkesnr as levert_fylkesnr,
    s.enhet_orgnr,
    cast(
        case
            when p.struktur = 2024 and coalesce(k.fylkesnr_2020, s.fylkesnr) in (30, 38, 54)
                then coalesce(f.fylkesnr, 99)
            else coalesce(k.fylkesnr_2020, s.fylkesnr)
        end as bigint
    ) as fylkesnr
from perioder as p
cross join steder as s
left join koder as k on s.fylkesnr = k.fylkesnr
left join enhet as e
    on
        s.enhet_orgnr = e.enhet_orgnr
        and p.til_dato between e.gyldig_fra and coalesce(e.gyldig_til, date '9999-12-31')
left join fylke as f
    on
        e.fylkesnr = f.fylkesnr
        and f.struktur = 2024
order by p.periodetype, p.periode, levert_fylkesnr, s.enhet_orgnr
