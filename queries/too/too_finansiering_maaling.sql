/*---
title = "TOO-forløp etter finansiering: henvist, ventende ved hver månedsslutt, kommet til behandling, ferdigbehandlet"
audience = "arbeid"
grain = ["maal", "dag", "forlop_id", "forlop_nr"]
versjon = 1
[columns.forlop_nr]
unit = "forløpets nummer i forlop_id"
[columns.dager]
unit = "dager fra henvisning til tannbehandling"
between = [0, 100000]
mangler = "gjelder bare dem som kom til tannbehandling"
[columns.fylkesnr]
unit = "fylkesnummer ved siste hendelse"
[columns.enhet_orgnr]
unit = "organisasjonsnummer ved siste hendelse"
---*/
-- C: the last event says whether the grant or a right pays. Every course whose order is possible, by the rules of the
-- headline: M0 (C3), who waits for M1 on a month's last day, whose wait from M0 to M4 ended with M4 (C5), and who was
-- completed (C11). C6: the last event of a day says where the course is.
with forlop as (
    select
        forlop_id,
        forlop_nr,
        case when tilskudd = 1 then 'tilskudd' else 'rettighet' end as finansiering,
        m0,
        m4,
        m5,
        case when least(m1, m2, m3, m4) <= coalesce(m5, least(m1, m2, m3, m4)) then least(m1, m2, m3, m4) else m5 end
            as vent_slutt
    from too_forlop
    where avvist_rekkefolge = 0
),

ferdige as (
    select distinct
        forlop_id,
        forlop_nr
    from too_hendelse_ordnet
    where
        hendelse_type = 8
        and avslutningsaarsak = 1
),

-- What happens once, each with its day; a day that is absent is none.
en_gang as (
    select
        f.forlop_id,
        f.forlop_nr,
        f.finansiering,
        unnest(make_array('henvist', 'avviklet', 'ferdigbehandlet')) as maal,
        unnest(
            make_array(
                f.m0,
                case when f.m4 >= f.m0 and f.m4 <= coalesce(f.m5, f.m4) then f.m4 end,
                case when s.forlop_id is not null then f.m5 end
            )
        ) as dag,
        unnest(make_array(null, cast(f.m4 as int) - cast(f.m0 as int), null)) as dager
    from forlop as f
    left join ferdige as s
        on
            f.forlop_id = s.forlop_id
            and f.forlop_nr = s.forlop_nr
),

hendt as (
    select
        forlop_id,
        forlop_nr,
        finansiering,
        maal,
        dag,
        dager
    from en_gang
    where dag is not null
    union all
    select
        f.forlop_id,
        f.forlop_nr,
        f.finansiering,
        'ventende' as maal,
        p.til_dato as dag,
        null as dager
    from too_periode as p
    inner join forlop as f
        on
            p.til_dato >= f.m0
            and p.til_dato < coalesce(f.vent_slutt, date '9999-12-31')
    where p.periodetype = 'maaned'
)

select
    h.maal,
    h.dag,
    h.forlop_id,
    h.forlop_nr,
    h.finansiering,
    h.dager,
    s.fylkesnr,
    s.enhet_orgnr
from hendt as h
inner join too_sted as s
    on
        h.forlop_id = s.forlop_id
        and h.forlop_nr = s.forlop_nr
        and h.dag between s.fra_dato and coalesce(s.til_dato, date '9999-12-31')
order by h.maal, h.dag, h.forlop_id, h.forlop_nr
