/*---
title = "Hvem som kom på og gikk av ventelistene i TOO, og hvor og når"
audience = "arbeid"
grain = ["steg", "forlop_id", "forlop_nr", "vent_nr", "dato", "art"]
versjon = 1
[columns.forlop_nr]
unit = "forløpets nummer i forlop_id"
[columns.vent_nr]
unit = "ventingens nummer i forløpet"
[columns.fylkesnr]
unit = "fylkesnummer; 99 er ukjent"
---*/
-- C7, from events alone. A wait begins at Ma and ends at Mb, at a later milestone or at the course's end, in the county of
-- that day (C6). A stay that begins after the wait did, up to the day on which it ends, is a transfer out of one list and
-- into another.
with slutter as (
    select
        forlop_id,
        forlop_nr,
        max(case when hendelse_type = 3 then 1 else 0 end) as ikke_kvalifisert,
        max(case when hendelse_type = 8 then avslutningsaarsak end) as aarsak
    from too_hendelse_ordnet
    where hendelse_type in (3, 8)
    group by forlop_id, forlop_nr
),

endt as (
    select
        v.steg,
        v.forlop_id,
        v.forlop_nr,
        v.vent_nr,
        v.til_dato,
        case
            when v.utfall <> 'avsluttet' then v.utfall
            when s.ikke_kvalifisert = 1 then 'ikke_kvalifisert'
            when s.aarsak = 1 then 'ferdigbehandlet'
            when s.aarsak = 2 then 'avbrutt_pasient'
            when s.aarsak = 3 then 'avbrutt_team'
            when s.aarsak = 4 then 'ikke_kontakt'
            when s.aarsak = 5 then 'flyttet'
            when s.aarsak = 6 then 'dod'
            else 'uoppgitt'
        end as art
    from too_vent as v
    left join slutter as s
        on
            v.forlop_id = s.forlop_id
            and v.forlop_nr = s.forlop_nr
    where v.utfall <> 'venter'
),

hendt as (
    select
        steg,
        forlop_id,
        forlop_nr,
        vent_nr,
        fra_dato as dato,
        'kommet_til' as art
    from too_vent
    union all
    select
        steg,
        forlop_id,
        forlop_nr,
        vent_nr,
        til_dato as dato,
        art
    from endt
),

flyttet as (
    select
        v.steg,
        v.forlop_id,
        v.forlop_nr,
        v.vent_nr,
        o.fra_dato as dato,
        unnest(make_array('overfort_inn', 'overfort_ut')) as art,
        unnest(make_array(o.fylkesnr, o.fylkesnr_foer)) as fylkesnr
    from too_vent as v
    inner join too_opphold as o
        on
            v.forlop_id = o.forlop_id
            and v.forlop_nr = o.forlop_nr
            and o.fra_dato > v.fra_dato
            and o.fra_dato <= coalesce(v.til_dato, date '9999-12-31')
    where o.fylkesnr <> o.fylkesnr_foer
)

select
    h.steg,
    h.forlop_id,
    h.forlop_nr,
    h.vent_nr,
    h.dato,
    h.art,
    o.fylkesnr
from hendt as h
inner join too_opphold as o
    on
        h.forlop_id = o.forlop_id
        and h.forlop_nr = o.forlop_nr
        and h.dato between o.fra_dato and coalesce(o.til_dato, date '9999-12-31')
union all
select
    steg,
    forlop_id,
    forlop_nr,
    vent_nr,
    dato,
    art,
    fylkesnr
from flyttet
order by steg, forlop_id, forlop_nr, vent_nr, dato, art
