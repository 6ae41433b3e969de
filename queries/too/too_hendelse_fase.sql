/*---
title = "TOO-hendelser i forløp som telles, med hvor i forløpet det var da"
audience = "arbeid"
grain = ["forlop_id", "nr"]
versjon = 1
[columns.nr]
unit = "hendelsens nummer i forlop_id"
[columns.forlop_nr]
unit = "forløpets nummer i forlop_id"
[columns.hendelse_type]
unit = "kode for hendelsestype i kontrakten"
[columns.fylkesnr]
unit = "fylkesnummer ved dagens slutt"
[columns.enhet_orgnr]
unit = "organisasjonsnummer ved dagens slutt"
[columns.oppmote]
unit = "1 mott, 2 ikke_mott, 3 avbestilt"
mangler = "hendelsen er ingen time, eller oppmøtet er ikke oppgitt"
[columns.narkose_aapen_foer]
unit = "0 nei, 1 ja"
[columns.narkose_aapen]
unit = "0 nei, 1 ja"
---*/
-- C10: the phase is the state that day: waiting for assessment, for the team, in the team, waiting for treatment of the
-- teeth, in it. Who is sent back to the team is in the team. `fase_morgen` is the state that the day begins with: an
-- appointment for the assessment belongs to the wait for it whether the patient comes, and is assessed that day, or not. With
-- the state at the day's end all who came would stand in the next phase and only those who did not in this one. `fase` is the
-- state after the event. A need for anaesthesia opens when none is open, and the next anaesthesia closes it. C6: the last
-- event of a day says where the course is.
with hittil as (
    select
        h.forlop_id,
        h.forlop_nr,
        cast(h.nr as bigint) as nr,
        h.hendelse_type,
        h.hendelse_dato,
        h.oppmote,
        max(case when h.hendelse_type in (5, 6, 7) then cast(h.nr as bigint) * 10 + h.hendelse_type end) over hittil
        % 10 as steg,
        max(case when h.hendelse_type = 7 then 1 else 0 end) over hittil as tannbehandling,
        case when cast(h.nr as bigint) >= k.m1_nr then 1 else 0 end as vurdert,
        max(
            case when h.hendelse_type in (13, 14) then cast(h.nr as bigint) * 2 + 14 - h.hendelse_type end
        ) over hittil % 2 as narkose
    from too_forlop_kjennetegn as k
    inner join too_hendelse_ordnet as h
        on
            k.forlop_id = h.forlop_id
            and k.forlop_nr = h.forlop_nr
    window hittil as (
        partition by h.forlop_id, h.forlop_nr
        order by h.nr
        rows between unbounded preceding and current row
    )
),

-- 0 henvist, 1 vurdert, 2 team, 3 etter_team, 4 tannbehandling.
etter as (
    select
        forlop_id,
        forlop_nr,
        nr,
        hendelse_type,
        hendelse_dato,
        oppmote,
        coalesce(narkose, 0) as narkose,
        case
            when steg = 5 then 2
            when steg = 6 and tannbehandling = 0 then 3
            when steg in (6, 7) then 4
            when vurdert = 1 then 1
            else 0
        end as fase_nr
    from hittil
),

foer as (
    select
        forlop_id,
        forlop_nr,
        nr,
        hendelse_type,
        hendelse_dato,
        oppmote,
        narkose,
        fase_nr,
        lag(narkose, 1, cast(0 as bigint)) over forlopet as narkose_foer,
        lag(fase_nr, 1, cast(0 as bigint)) over forlopet as fase_nr_foer,
        lag(hendelse_dato, 1, date '1900-01-01') over forlopet as dato_foer
    from etter
    window forlopet as (partition by forlop_id, forlop_nr order by nr)
),

-- A day begins with the phase before its first event.
morgen as (
    select
        forlop_id,
        forlop_nr,
        nr,
        hendelse_type,
        hendelse_dato,
        oppmote,
        narkose,
        narkose_foer,
        fase_nr,
        max(case when hendelse_dato <> dato_foer then nr * 10 + fase_nr_foer end) over (
            partition by forlop_id, forlop_nr order by nr rows between unbounded preceding and current row
        ) % 10 as fase_nr_morgen
    from foer
)

select
    m.forlop_id,
    m.nr,
    m.forlop_nr,
    m.hendelse_type,
    m.hendelse_dato,
    s.fylkesnr,
    s.enhet_orgnr,
    m.oppmote,
    case m.fase_nr
        when 4 then 'tannbehandling'
        when 3 then 'etter_team'
        when 2 then 'team'
        when 1 then 'vurdert'
        else 'henvist'
    end as fase,
    case m.fase_nr_morgen
        when 4 then 'tannbehandling'
        when 3 then 'etter_team'
        when 2 then 'team'
        when 1 then 'vurdert'
        else 'henvist'
    end as fase_morgen,
    m.narkose_foer as narkose_aapen_foer,
    m.narkose as narkose_aapen
from morgen as m
inner join too_sted as s
    on
        m.forlop_id = s.forlop_id
        and m.forlop_nr = s.forlop_nr
        and m.hendelse_dato = s.fra_dato
order by m.forlop_id, m.nr
