/*---
title = "Åpne TOO-forløp ved hver månedsslutt"
audience = "arbeid"
grain = ["til_dato", "fase", "gruppe", "narkose_aapen", "fylkesnr", "enhet_orgnr"]
versjon = 1
[columns.gruppe]
unit = "kode for målgruppe; 0 er ikke oppgitt, -1 ikke vurdert den dagen"
[columns.narkose_aapen]
unit = "0 nei, 1 ja"
[columns.fylkesnr]
unit = "fylkesnummer"
[columns.enhet_orgnr]
unit = "organisasjonsnummer"
[columns.antall]
unit = "forløp"
---*/
-- C6 and C10: the last event of a day says where a course is and in which phase, until the day before its next event. An end
-- is the last event of its course (C3): after it the course is open no more.
with tilstander as (
    select
        forlop_id,
        forlop_nr,
        nr,
        hendelse_type,
        hendelse_dato as fra_dato,
        lead(hendelse_dato, 1, date '9999-12-31') over (partition by forlop_id, forlop_nr order by nr) as til_dato,
        fase,
        narkose_aapen,
        fylkesnr,
        enhet_orgnr
    from too_hendelse_fase
),

ved_slutten as (
    select
        p.til_dato,
        t.fase,
        case when t.nr >= k.m1_nr then k.maalgruppe else cast(-1 as tinyint) end as gruppe,
        cast(t.narkose_aapen as tinyint) as narkose_aapen,
        t.fylkesnr,
        t.enhet_orgnr
    from too_periode as p
    inner join tilstander as t
        on
            p.til_dato >= t.fra_dato
            and p.til_dato < t.til_dato
    inner join too_forlop_kjennetegn as k
        on
            t.forlop_id = k.forlop_id
            and t.forlop_nr = k.forlop_nr
    where
        p.periodetype = 'maaned'
        and t.hendelse_type not in (3, 8)
)

select
    til_dato,
    fase,
    gruppe,
    narkose_aapen,
    fylkesnr,
    enhet_orgnr,
    count(*) as antall
from ved_slutten
group by til_dato, fase, gruppe, narkose_aapen, fylkesnr, enhet_orgnr
order by til_dato, fase, gruppe, narkose_aapen, fylkesnr, enhet_orgnr
