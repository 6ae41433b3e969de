/*---
title = "Aalen–Johansen dag for dag"
audience = "arbeid"
grain = ["steg", "omraade", "periodetype", "periode", "dag"]
versjon = 1
[columns.dag]
unit = "dager siden ventingen begynte"
[columns.neste_dag]
unit = "dager siden ventingen begynte"
mangler = "ingen i kohorten er fulgt lenger"
[columns.i_fare]
unit = "forløp"
[columns.naadd]
unit = "forløp til og med dagen"
[columns.andre]
unit = "forløp avsluttet eller hoppet over til og med dagen"
[columns.sensurert]
unit = "forløp til og med dagen"
[columns.igjen]
unit = "andel"
between = [0, 1]
[columns.andel_naadd]
unit = "andel"
between = [0, 1]
[columns.andel_andre]
unit = "andel"
between = [0, 1]
[columns.varians]
unit = "andel i andre potens"
[[sjekk]]
navn = "for_mange_dager"
sql = "select 1 as funn from too_kurve_dag where nr > 8192"
melding = "a cohort has more than 8192 days with events, more than the product below reaches over: add a line to it"
---*/
-- C8: S(t) = Π (1 − d(u)/n(u)) and F₁(t) = Σ S(u−)·d₁(u)/n(u) over the days u ≤ t. The product is made in rounds: after
-- round k each day has that of itself and the 2^k − 1 days before it, so 13 rounds reach 8192 days. Rounds and sums run
-- over the days of one cohort in their order, so that the figures are the same however rows are spread.
with ledd as (
    select
        steg,
        omraade,
        periodetype,
        periode,
        dag,
        cast(i_fare - naadd - andre as double) / nullif(cast(i_fare as double), 0) as p
    from too_kurve_dag
),

produkt_2 as (
    select
        steg,
        omraade,
        periodetype,
        periode,
        dag,
        p * lag(p, 1, cast(1 as double)) over (partition by steg, omraade, periodetype, periode order by dag) as p
    from ledd
),

produkt_4 as (
    select
        steg,
        omraade,
        periodetype,
        periode,
        dag,
        p * lag(p, 2, cast(1 as double)) over (partition by steg, omraade, periodetype, periode order by dag) as p
    from produkt_2
),

produkt_8 as (
    select
        steg,
        omraade,
        periodetype,
        periode,
        dag,
        p * lag(p, 4, cast(1 as double)) over (partition by steg, omraade, periodetype, periode order by dag) as p
    from produkt_4
),

produkt_16 as (
    select
        steg,
        omraade,
        periodetype,
        periode,
        dag,
        p * lag(p, 8, cast(1 as double)) over (partition by steg, omraade, periodetype, periode order by dag) as p
    from produkt_8
),

produkt_32 as (
    select
        steg,
        omraade,
        periodetype,
        periode,
        dag,
        p * lag(p, 16, cast(1 as double)) over (partition by steg, omraade, periodetype, periode order by dag) as p
    from produkt_16
),

produkt_64 as (
    select
        steg,
        omraade,
        periodetype,
        periode,
        dag,
        p * lag(p, 32, cast(1 as double)) over (partition by steg, omraade, periodetype, periode order by dag) as p
    from produkt_32
),

produkt_128 as (
    select
        steg,
        omraade,
        periodetype,
        periode,
        dag,
        p * lag(p, 64, cast(1 as double)) over (partition by steg, omraade, periodetype, periode order by dag) as p
    from produkt_64
),

produkt_256 as (
    select
        steg,
        omraade,
        periodetype,
        periode,
        dag,
        p * lag(p, 128, cast(1 as double)) over (partition by steg, omraade, periodetype, periode order by dag) as p
    from produkt_128
),

produkt_512 as (
    select
        steg,
        omraade,
        periodetype,
        periode,
        dag,
        p * lag(p, 256, cast(1 as double)) over (partition by steg, omraade, periodetype, periode order by dag) as p
    from produkt_256
),

produkt_1024 as (
    select
        steg,
        omraade,
        periodetype,
        periode,
        dag,
        p * lag(p, 512, cast(1 as double)) over (partition by steg, omraade, periodetype, periode order by dag) as p
    from produkt_512
),

produkt_2048 as (
    select
        steg,
        omraade,
        periodetype,
        periode,
        dag,
        p * lag(p, 1024, cast(1 as double)) over (partition by steg, omraade, periodetype, periode order by dag) as p
    from produkt_1024
),

produkt_4096 as (
    select
        steg,
        omraade,
        periodetype,
        periode,
        dag,
        p * lag(p, 2048, cast(1 as double)) over (partition by steg, omraade, periodetype, periode order by dag) as p
    from produkt_2048
),

produkt_8192 as (
    select
        steg,
        omraade,
        periodetype,
        periode,
        dag,
        p * lag(p, 4096, cast(1 as double)) over (partition by steg, omraade, periodetype, periode order by dag) as p
    from produkt_4096
),

foer as (
    select
        steg,
        omraade,
        periodetype,
        periode,
        dag,
        p as igjen,
        lag(p, 1, cast(1 as double)) over (partition by steg, omraade, periodetype, periode order by dag) as igjen_foer
    from produkt_8192
),

dager as (
    select
        d.steg,
        d.omraade,
        d.periodetype,
        d.periode,
        d.dag,
        d.i_fare,
        d.naadd,
        d.andre,
        d.sensurert,
        cast(d.i_fare as double) as n,
        cast(d.naadd as double) as d1,
        cast(d.andre as double) as d2,
        f.igjen,
        f.igjen_foer
    from too_kurve_dag as d
    inner join foer as f
        on
            d.steg = f.steg
            and d.omraade = f.omraade
            and d.periodetype = f.periodetype
            and d.periode = f.periode
            and d.dag = f.dag
),

summert as (
    select
        steg,
        omraade,
        periodetype,
        periode,
        dag,
        lead(dag) over hittil as neste_dag,
        i_fare,
        n,
        d1,
        d2,
        igjen,
        igjen_foer,
        sum(naadd) over hittil as naadd,
        sum(andre) over hittil as andre,
        sum(sensurert) over hittil as sensurert,
        sum(igjen_foer * d1 / nullif(n, 0)) over hittil as f1,
        sum(igjen_foer * d2 / nullif(n, 0)) over hittil as f2
    from dager
    window hittil as (
        partition by steg, omraade, periodetype, periode
        order by dag rows between unbounded preceding and current row
    )
),

-- Aalen's variance as M. Pintilie writes it (Competing Risks, 2006, 4.5), d = d₁ + d₂, terms without a denominator 0:
-- Σ (F₁(t) − F₁(u))² · d/((n − 1)(n − d)) + Σ S(u−)² · d₁(n − d₁)/((n − 1)n²)
-- − 2 Σ (F₁(t) − F₁(u)) · S(u−) · d₁(n − d₁)/(n(n − d)(n − 1)). The brackets are multiplied out, so that running sums do.
varians_ledd as (
    select
        steg,
        omraade,
        periodetype,
        periode,
        dag,
        neste_dag,
        i_fare,
        naadd,
        andre,
        sensurert,
        igjen,
        f1,
        f2,
        coalesce((d1 + d2) / nullif((n - 1) * (n - d1 - d2), 0), 0) as a,
        coalesce(igjen_foer * igjen_foer * d1 * (n - d1) / nullif((n - 1) * n * n, 0), 0) as b,
        coalesce(igjen_foer * d1 * (n - d1) / nullif(n * (n - d1 - d2) * (n - 1), 0), 0) as c
    from summert
),

varians_sum as (
    select
        steg,
        omraade,
        periodetype,
        periode,
        dag,
        neste_dag,
        i_fare,
        naadd,
        andre,
        sensurert,
        igjen,
        f1,
        f2,
        sum(a) over hittil as sum_a,
        sum(a * f1) over hittil as sum_af,
        sum(a * f1 * f1) over hittil as sum_aff,
        sum(b) over hittil as sum_b,
        sum(c) over hittil as sum_c,
        sum(c * f1) over hittil as sum_cf
    from varians_ledd
    window hittil as (
        partition by steg, omraade, periodetype, periode
        order by dag rows between unbounded preceding and current row
    )
)

select
    steg,
    omraade,
    periodetype,
    periode,
    dag,
    neste_dag,
    i_fare,
    naadd,
    andre,
    sensurert,
    igjen,
    least(f1, 1.0) as andel_naadd,
    least(f2, 1.0) as andel_andre,
    greatest(
        f1 * f1 * sum_a - 2 * f1 * sum_af + sum_aff + sum_b - 2 * (f1 * sum_c - sum_cf), 0.0
    ) as varians
from varians_sum
order by steg, omraade, periodetype, periode, dag
