/*---
title = "Lege × linjeklasse × måned"
audience = "arbeid"
grain = ["maaned", "rekvirent_hpr", "klasse"]
versjon = 1
inkrementell = true
[columns.maaned]
unit = "ååååmm"
[columns.rekvirent_hpr]
unit = "HPR-nummer; 0 når forskriveren er maskert"
[columns.linjer]
unit = "linjer"
[columns.uten_nr]
unit = "linjer i grunnlaget uten utlevering_nr"
---*/
-- Only lines of the grunnlag are counted as prescriptions, so only they can lack the number (B1).
-- Corrections that have no effect stand beside the classes under the name of the rule that stopped them.
with klassifisert as (
    select
        maaned,
        case when klasse = 1 then 0 else rekvirent_hpr end as rekvirent_hpr,
        case klasse
            when 1 then 'maskert'
            when 2 then 'ikke_lege'
            when 3 then 'virkestoff'
            when 4 then 'fest_mangler'
            when 5 then 'ukjent_vare'
            when 6 then 'ikke_byttbar'
            when 7 then 'begrenset_bytte'
            when 8 then 'ingen_alternativ'
            when 9 then 'grunnlag'
        end as klasse,
        case when klasse = 9 and utlevering_nr is null then 1 else 0 end as uten_nr
    from linje_klasse
    union all
    select
        maaned,
        case when rekvirent_hpr in (0, 999999999) then 0 else rekvirent_hpr end as rekvirent_hpr,
        status as klasse,
        0 as uten_nr
    from korreksjon
    where status <> 'virker'
)

select
    maaned,
    rekvirent_hpr,
    klasse,
    count(*) as linjer,
    sum(uten_nr) as uten_nr
from klassifisert
group by maaned, rekvirent_hpr, klasse
order by maaned, rekvirent_hpr, klasse
