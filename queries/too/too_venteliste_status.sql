/*---
title = "Behov og siste kontakt for hver som venter på vurdering ved månedens slutt"
audience = "arbeid"
grain = ["periode", "forlop_id", "forlop_nr"]
versjon = 1
[columns.forlop_nr]
unit = "forløpets nummer i forlop_id"
[columns.fylkesnr]
unit = "fylkesnummer; 99 er ukjent"
[columns.behov]
unit = "0 ikke vurdert, 1 lite, 2 middels, 3 stort, 4 vurdert uten at behovet er oppgitt"
[columns.dager_siden_kontakt]
unit = "dager"
mangler = "ingen kontakt siden henvisningen"
---*/
-- C10: whose need has been assessed on or before the month's last day, by the last assessment; and the days since those who
-- keep the list were last in touch.
with sagt as (
    select
        forlop_id,
        forlop_nr,
        hendelse_type,
        hendelse_dato as fra_dato,
        lead(hendelse_dato) over (partition by forlop_id, forlop_nr, hendelse_type order by nr) as neste_dato,
        coalesce(behandlingsbehov, 4) as behov
    from too_hendelse_ordnet
    where hendelse_type in (4, 9)
),

-- Of two on one day the later holds: the first is over when it begins.
gjeldende as (
    select
        m.periode,
        m.forlop_id,
        m.forlop_nr,
        max(case when s.hendelse_type = 4 then s.behov end) as behov,
        max(case when s.hendelse_type = 9 then s.fra_dato end) as kontakt_dato
    from too_maaling_periode as m
    inner join too_periode as p
        on
            m.periodetype = p.periodetype
            and m.periode = p.periode
    inner join sagt as s
        on
            m.forlop_id = s.forlop_id
            and m.forlop_nr = s.forlop_nr
            and p.til_dato >= s.fra_dato
            and p.til_dato < coalesce(s.neste_dato, date '9999-12-31')
    where
        m.populasjon = 'ventende'
        and m.periodetype = 'maaned'
        and m.steg = 'm0_m1'
    group by m.periode, m.forlop_id, m.forlop_nr
)

select
    m.periode,
    m.forlop_id,
    m.forlop_nr,
    m.fylkesnr,
    cast(coalesce(g.behov, 0) as bigint) as behov,
    cast(cast(p.til_dato as int) - cast(g.kontakt_dato as int) as bigint) as dager_siden_kontakt
from too_maaling_periode as m
inner join too_periode as p
    on
        m.periodetype = p.periodetype
        and m.periode = p.periode
left join gjeldende as g
    on
        m.periode = g.periode
        and m.forlop_id = g.forlop_id
        and m.forlop_nr = g.forlop_nr
where
    m.populasjon = 'ventende'
    and m.periodetype = 'maaned'
    and m.steg = 'm0_m1'
order by m.periode, m.forlop_id, m.forlop_nr
