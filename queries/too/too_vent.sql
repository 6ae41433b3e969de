/*---
title = "Ventinger i TOO-forløp, per steg"
audience = "arbeid"
grain = ["steg", "forlop_id", "forlop_nr", "vent_nr"]
versjon = 2
[columns.forlop_nr]
unit = "forløpets nummer i forlop_id"
[columns.vent_nr]
unit = "ventingens nummer i forløpet"
[columns.til_dato]
mangler = "venter fortsatt"
---*/
-- C4 and C5: a wait for Mb ends at Mb, at a later milestone (hoppet_over), or at the end, whichever is first. A course has
-- one wait per step; it may need narkose several times (C10).
with steg as (
    select
        forlop_id,
        forlop_nr,
        1 as vent_nr,
        'm0_m1' as steg,
        m0 as fra_dato,
        m1 as maal,
        least(m1, m2, m3, m4) as neste,
        m5
    from too_forlop
    where
        avvist_rekkefolge = 0
        and tilskudd = 1
    union all
    select
        forlop_id,
        forlop_nr,
        1 as vent_nr,
        'm1_m2' as steg,
        m1 as fra_dato,
        m2 as maal,
        least(m2, m3, m4) as neste,
        m5
    from too_forlop
    where
        avvist_rekkefolge = 0
        and tilskudd = 1
    union all
    select
        forlop_id,
        forlop_nr,
        1 as vent_nr,
        'm3_m4' as steg,
        m3 as fra_dato,
        m4 as maal,
        m4 as neste,
        m5
    from too_forlop
    where
        avvist_rekkefolge = 0
        and tilskudd = 1
    union all
    select
        forlop_id,
        forlop_nr,
        1 as vent_nr,
        'm0_m4' as steg,
        m0 as fra_dato,
        m4 as maal,
        m4 as neste,
        m5
    from too_forlop
    where
        avvist_rekkefolge = 0
        and tilskudd = 1
    union all
    select
        n.forlop_id,
        n.forlop_nr,
        n.vent_nr,
        'narkose' as steg,
        n.fra_dato,
        n.til_dato as maal,
        n.til_dato as neste,
        f.m5
    from too_narkose_vent as n
    inner join too_forlop as f
        on
            n.forlop_id = f.forlop_id
            and n.forlop_nr = f.forlop_nr
    where
        f.avvist_rekkefolge = 0
        and f.tilskudd = 1
),

avgjort as (
    select
        steg,
        forlop_id,
        forlop_nr,
        vent_nr,
        fra_dato,
        case when neste <= coalesce(m5, neste) then neste else m5 end as til_dato,
        case
            when neste <= coalesce(m5, neste) and maal = neste then 'naadd'
            when neste <= coalesce(m5, neste) then 'hoppet_over'
            when m5 is not null then 'avsluttet'
            else 'venter'
        end as utfall
    from steg
    where fra_dato is not null
)

select
    steg,
    forlop_id,
    forlop_nr,
    vent_nr,
    fra_dato,
    til_dato,
    utfall
from avgjort
where coalesce(til_dato, fra_dato) >= fra_dato
order by steg, forlop_id, forlop_nr, vent_nr
