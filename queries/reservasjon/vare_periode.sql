/*---
title = "Byttegruppe, pris, DDD og markedsføring for et varenummer, som dagperioder"
audience = "arbeid"
grain = ["maaned", "varenr", "fra_dato"]
versjon = 1
inkrementell = true
[input]
fest_pakning = "gyldighet"
fest_pris = "gyldighet"
[columns.maaned]
unit = "ååååmm"
[columns.varenr]
unit = "varenummer"
[columns.byttegruppe]
unit = "Byttegruppe/Kode@V"
mangler = "ikke byttbar disse dagene"
[columns.aup_ore]
unit = "øre per pakning"
mangler = "FEST har ingen AUP som gjelder"
[columns.trinnpris_ore]
unit = "øre per pakning"
mangler = "FEST har ingen trinnpris som gjelder"
[columns.ddd_tusendeler]
unit = "tusendels DDD i pakningen"
mangler = "FEST oppgir ikke Statistikkfaktor"
[columns.pakningsstr_tusendeler]
unit = "tusendels enhet i pakningen"
mangler = "FEST oppgir ikke Pakningsstr"
[columns.enhet_pakning]
mangler = "FEST oppgir ikke EnhetPakning"
[columns.markedsfort]
unit = "0 nei, 1 ja"
between = [0, 1]
---*/
-- B3: a varenr known to neither S nor the next snapshot has no row on that day. Marketed (B4) is what S gives a first
-- day of sale, on or after it, before the day it is retired, for a time or for good; without a first day it is not.
with priser_gyldige as (
    select
        b.snapshot,
        b.varenr,
        b.fra_dato,
        p.pristype,
        coalesce(p.gyldig_fra, date '0001-01-01') as gyldig_fra,
        p.pris_ore
    from vare_brudd as b
    inner join fest_pris as p
        on
            b.snapshot = p.snapshot
            and b.pakning_id = p.pakning_id
    where
        p.pristype in ('AUP', 'Trinnpris')
        and coalesce(p.gyldig_fra, b.fra_dato) <= b.fra_dato
        and coalesce(p.gyldig_til, b.fra_dato) >= b.fra_dato
),

priser_siste as (
    select
        snapshot,
        varenr,
        fra_dato,
        pristype,
        max(gyldig_fra) as gyldig_fra
    from priser_gyldige
    group by snapshot, varenr, fra_dato, pristype
),

-- B3: the greatest GyldigFraDato, then the lowest price.
priser as (
    select
        g.snapshot,
        g.varenr,
        g.fra_dato,
        min(case when g.pristype = 'AUP' then g.pris_ore end) as aup_ore,
        min(case when g.pristype = 'Trinnpris' then g.pris_ore end) as trinnpris_ore
    from priser_gyldige as g
    inner join priser_siste as s
        on
            g.snapshot = s.snapshot
            and g.varenr = s.varenr
            and g.fra_dato = s.fra_dato
            and g.pristype = s.pristype
            and g.gyldig_fra = s.gyldig_fra
    group by g.snapshot, g.varenr, g.fra_dato
),

biter as (
    select
        b.varenr,
        b.fra_dato,
        b.til_dato,
        case
            when v.gruppe_naa is not null and v.gruppe_naa_fra <= b.fra_dato then v.gruppe_naa
            when v.gruppe_neste is not null and v.gruppe_neste_fra <= b.fra_dato then v.gruppe_neste
        end as byttegruppe,
        p.aup_ore,
        p.trinnpris_ore,
        v.ddd_tusendeler,
        v.pakningsstr_tusendeler,
        v.enhet_pakning,
        case
            when
                m.markedsfort_fra <= b.fra_dato
                and coalesce(m.midlertidig_utgatt > b.fra_dato, true)
                and coalesce(m.avregistrert > b.fra_dato, true)
                then 1
            else 0
        end as markedsfort
    from vare_brudd as b
    inner join vare_uttrekk as v
        on
            b.snapshot = v.snapshot
            and b.varenr = v.varenr
    left join fest_pakning as m
        on
            b.snapshot = m.snapshot
            and b.pakning_id = m.pakning_id
    left join priser as p
        on
            b.snapshot = p.snapshot
            and b.varenr = p.varenr
            and b.fra_dato = p.fra_dato
),

-- Pieces that say the same and touch each other become one, so that a snapshot that changes nothing changes no row. The
-- windows go over all numbers in one order: the engine is slow at one for each of ten thousand numbers.
merket as (
    select
        varenr,
        fra_dato,
        til_dato,
        byttegruppe,
        aup_ore,
        trinnpris_ore,
        ddd_tusendeler,
        pakningsstr_tusendeler,
        enhet_pakning,
        markedsfort,
        case
            when
                lag(varenr) over (order by varenr, fra_dato) = varenr
                and cast(lag(til_dato) over (order by varenr, fra_dato) as int) + 1 = cast(fra_dato as int)
                and (lag(byttegruppe) over (order by varenr, fra_dato) is not distinct from byttegruppe)
                and (lag(aup_ore) over (order by varenr, fra_dato) is not distinct from aup_ore)
                and (lag(trinnpris_ore) over (order by varenr, fra_dato) is not distinct from trinnpris_ore)
                and (lag(ddd_tusendeler) over (order by varenr, fra_dato) is not distinct from ddd_tusendeler)
                and (lag(pakningsstr_tusendeler) over (order by varenr, fra_dato) is not distinct from pakningsstr_tusendeler)
                and (lag(enhet_pakning) over (order by varenr, fra_dato) is not distinct from enhet_pakning)
                and (lag(markedsfort) over (order by varenr, fra_dato) is not distinct from markedsfort)
                then 0
            else 1
        end as ny
    from biter
),

nummerert as (
    select
        varenr,
        fra_dato,
        til_dato,
        byttegruppe,
        aup_ore,
        trinnpris_ore,
        ddd_tusendeler,
        pakningsstr_tusendeler,
        enhet_pakning,
        markedsfort,
        sum(ny) over (order by varenr, fra_dato) as periode
    from merket
)

select
    cast($maaned as int) as maaned,
    varenr,
    min(fra_dato) as fra_dato,
    max(til_dato) as til_dato,
    byttegruppe,
    aup_ore,
    trinnpris_ore,
    ddd_tusendeler,
    pakningsstr_tusendeler,
    enhet_pakning,
    markedsfort
from nummerert
group by
    varenr,
    periode,
    byttegruppe,
    aup_ore,
    trinnpris_ore,
    ddd_tusendeler,
    pakningsstr_tusendeler,
    enhet_pakning,
    markedsfort
order by maaned, varenr, fra_dato
