/*---
title = "Ventinger som endte, og ventinger ved hver månedsslutt, i dager"
audience = "arbeid"
grain = ["populasjon", "steg", "dag", "forlop_id", "forlop_nr", "vent_nr"]
versjon = 2
[columns.forlop_nr]
unit = "forløpets nummer i forlop_id"
[columns.vent_nr]
unit = "ventingens nummer i forløpet"
[columns.dager]
unit = "dager"
between = [0, 100000]
[columns.dager_uten]
unit = "dager uten pauser"
between = [0, 100000]
[columns.fylkesnr]
unit = "fylkesnummer ved siste hendelse"
[columns.enhet_orgnr]
unit = "organisasjonsnummer ved siste hendelse"
---*/
-- C5: avviklet on the day Mb was reached; ventende on the last day of each month.
with maalt as (
    select
        'avviklet' as populasjon,
        steg,
        forlop_id,
        forlop_nr,
        vent_nr,
        fra_dato,
        til_dato as dag
    from too_vent
    where utfall = 'naadd'
    union all
    select
        'ventende' as populasjon,
        v.steg,
        v.forlop_id,
        v.forlop_nr,
        v.vent_nr,
        v.fra_dato,
        p.til_dato as dag
    from too_periode as p
    inner join too_vent as v
        on
            p.til_dato >= v.fra_dato
            and p.til_dato < coalesce(v.til_dato, date '9999-12-31')
    where p.periodetype = 'maaned'
),

-- Days of [fra, dag) inside pauses, each day once: a pause counts from where the ones before it have come to.
klippet as (
    select
        m.populasjon,
        m.steg,
        m.forlop_id,
        m.forlop_nr,
        m.vent_nr,
        m.dag,
        p.pause_nr,
        greatest(p.fra_dato, m.fra_dato) as start_dato,
        least(coalesce(p.til_dato, m.dag), m.dag) as slutt_dato
    from maalt as m
    inner join too_pause as p
        on
            m.forlop_id = p.forlop_id
            and m.forlop_nr = p.forlop_nr
    where
        p.trekkes_fra = 1
        and p.fra_dato < m.dag
        and coalesce(p.til_dato, m.dag) > m.fra_dato
),

uten_overlapp as (
    select
        populasjon,
        steg,
        forlop_id,
        forlop_nr,
        vent_nr,
        dag,
        cast(slutt_dato as int) as slutt,
        greatest(
            cast(start_dato as int),
            coalesce(
                max(cast(slutt_dato as int)) over (
                    partition by populasjon, steg, forlop_id, forlop_nr, vent_nr, dag
                    order by start_dato, pause_nr rows between unbounded preceding and 1 preceding
                ),
                0
            )
        ) as start
    from klippet
),

pausedager as (
    select
        populasjon,
        steg,
        forlop_id,
        forlop_nr,
        vent_nr,
        dag,
        sum(greatest(slutt - start, 0)) as dager
    from uten_overlapp
    group by populasjon, steg, forlop_id, forlop_nr, vent_nr, dag
)

select
    m.populasjon,
    m.steg,
    m.dag,
    m.forlop_id,
    m.forlop_nr,
    m.vent_nr,
    cast(m.dag as int) - cast(m.fra_dato as int) as dager,
    cast(m.dag as int) - cast(m.fra_dato as int) - coalesce(p.dager, 0) as dager_uten,
    s.fylkesnr,
    s.enhet_orgnr
from maalt as m
inner join too_sted as s
    on
        m.forlop_id = s.forlop_id
        and m.forlop_nr = s.forlop_nr
        and m.dag between s.fra_dato and coalesce(s.til_dato, date '9999-12-31')
left join pausedager as p
    on
        m.populasjon = p.populasjon
        and m.steg = p.steg
        and m.forlop_id = p.forlop_id
        and m.forlop_nr = p.forlop_nr
        and m.vent_nr = p.vent_nr
        and m.dag = p.dag
order by m.populasjon, m.steg, m.dag, m.forlop_id, m.forlop_nr, m.vent_nr
