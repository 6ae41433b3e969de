/*---
title = "Hva som skjedde i TOO-forløp, per måned"
audience = "arbeid"
grain = ["maaned", "maal", "kode", "gruppe", "begge_tester", "fase", "narkose_aapen", "fylkesnr", "enhet_orgnr"]
versjon = 1
[columns.kode]
unit = "kode for henvisningskilde, oppmøte eller slutt; 0 er ikke oppgitt"
[columns.gruppe]
unit = "kode for aldersgruppe når forløpet begynner, ellers for målgruppe; 0 er ikke oppgitt, -1 ikke vurdert"
[columns.begge_tester]
unit = "0 nei, 1 ja"
[columns.narkose_aapen]
unit = "0 nei, 1 ja"
[columns.fylkesnr]
unit = "fylkesnummer"
[columns.enhet_orgnr]
unit = "organisasjonsnummer"
[columns.antall]
unit = "hendelser"
---*/
-- C10: appointments and anaesthesia by the state that the day begins with; ends by the state that the course ended in. Summed
-- before periods and counties come in: a period is whole months, and a unit is in one county on a period's last
-- day.
with hendelser as (
    select
        cast(date_trunc('month', h.hendelse_dato) as date) as maaned,
        case when h.hendelse_type in (3, 8) then h.fase else h.fase_morgen end as fase,
        h.fylkesnr,
        h.enhet_orgnr,
        h.hendelse_type,
        case
            when h.nr = k.foerste_nr and h.hendelse_type = 1 then 'henvist'
            when h.nr = k.m1_nr then 'vurdert'
            when h.hendelse_type in (3, 8) then 'slutt'
            when h.hendelse_type = 15 then 'time'
            when h.hendelse_type = 13 and h.narkose_aapen_foer = 0 then 'narkose_behov'
            when h.hendelse_type = 14 and h.narkose_aapen_foer = 1 then 'narkose_gjort'
            when h.hendelse_type = 14 then 'narkose_uten_behov'
        end as maal,
        cast(h.narkose_aapen as tinyint) as narkose_aapen,
        h.oppmote,
        k.henvisningskilde,
        k.aldersgruppe,
        k.maalgruppe,
        k.slutt,
        cast(k.ferdig_odontologisk * k.ferdig_psykologisk as tinyint) as begge_tester,
        case when k.m1_nr is null then 0 else 1 end as vurdert
    from too_forlop_kjennetegn as k
    inner join too_hendelse_fase as h
        on
            k.forlop_id = h.forlop_id
            and k.forlop_nr = h.forlop_nr
),

merket as (
    select
        maaned,
        maal,
        cast(
            case maal
                when 'henvist' then henvisningskilde
                when 'time' then coalesce(oppmote, 0)
                when 'slutt' then slutt
                else 0
            end as tinyint
        ) as kode,
        cast(
            case
                when maal = 'henvist' then aldersgruppe
                when maal in ('vurdert', 'slutt') and vurdert = 1 then maalgruppe
                when maal = 'slutt' then -1
                else 0
            end as tinyint
        ) as gruppe,
        case when maal = 'slutt' then begge_tester else cast(0 as tinyint) end as begge_tester,
        fase,
        case when maal = 'slutt' then narkose_aapen else cast(0 as tinyint) end as narkose_aapen,
        fylkesnr,
        enhet_orgnr
    from hendelser
    where maal is not null
)

select
    maaned,
    maal,
    kode,
    gruppe,
    begge_tester,
    fase,
    narkose_aapen,
    fylkesnr,
    enhet_orgnr,
    count(*) as antall
from merket
group by maaned, maal, kode, gruppe, begge_tester, fase, narkose_aapen, fylkesnr, enhet_orgnr
order by maaned, maal, kode, gruppe, begge_tester, fase, narkose_aapen, fylkesnr, enhet_orgnr
