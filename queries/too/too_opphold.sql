/*---
title = "Hvilket fylke et TOO-forløp er i, i inndelingen som gjelder den dagen"
audience = "arbeid"
grain = ["forlop_id", "forlop_nr", "fra_dato"]
versjon = 1
[columns.forlop_nr]
unit = "forløpets nummer i forlop_id"
[columns.til_dato]
mangler = "gjelder fortsatt"
[columns.fylkesnr]
unit = "fylkesnummer; 99 er ukjent"
[columns.fylkesnr_foer]
unit = "fylkesnummer; 99 er ukjent"
mangler = "forløpet begynner her"
---*/
-- C6, for every day of a course: one row per stay in a county. `fylkesnr_foer` is where the course was just before, in the
-- structure of the stay's first day; so it is the stay's own county where only the code is new (2024-01-01), and another
-- one where the course was moved, or its unit came under another county.
with koder as (
    select
        fylkesnr,
        max(fylkesnr_2020) as fylkesnr_2020
    from fylke
    where struktur < 2024
    group by fylkesnr
),

steder as (
    select
        s.forlop_id,
        s.forlop_nr,
        s.fra_dato,
        s.til_dato,
        s.enhet_orgnr,
        coalesce(k.fylkesnr_2020, s.fylkesnr) as kode
    from too_sted as s
    left join koder as k on s.fylkesnr = k.fylkesnr
),

enhetsdager as (
    select
        enhet_orgnr,
        gyldig_fra as dato
    from enhet
    union
    select
        enhet_orgnr,
        cast(cast(gyldig_til as int) + 1 as date) as dato
    from enhet
    where gyldig_til is not null
),

-- The code of 2024 comes before the events of its first day (rekke 0).
skifter as (
    select
        forlop_id,
        forlop_nr,
        fra_dato as dato,
        1 as rekke,
        enhet_orgnr,
        kode
    from steder
    union all
    select
        forlop_id,
        forlop_nr,
        date '2024-01-01' as dato,
        0 as rekke,
        enhet_orgnr,
        kode
    from steder
    where
        kode in (30, 38, 54)
        and fra_dato < date '2024-01-01'
        and coalesce(til_dato, date '9999-12-31') >= date '2023-12-31'
    union all
    select
        s.forlop_id,
        s.forlop_nr,
        d.dato,
        1 as rekke,
        s.enhet_orgnr,
        s.kode
    from steder as s
    inner join enhetsdager as d on s.enhet_orgnr = d.enhet_orgnr
    where
        s.kode in (30, 38, 54)
        and d.dato > greatest(s.fra_dato, date '2024-01-01')
        and d.dato <= coalesce(s.til_dato, date '9999-12-31')
),

plassert as (
    select
        s.forlop_id,
        s.forlop_nr,
        s.dato,
        s.rekke,
        cast(
            case
                when s.kode in (30, 38, 54) and s.dato >= date '2024-01-01' then coalesce(f.fylkesnr, 99)
                else s.kode
            end as bigint
        ) as fylkesnr
    from skifter as s
    left join enhet as e
        on
            s.enhet_orgnr = e.enhet_orgnr
            and s.dato between e.gyldig_fra and coalesce(e.gyldig_til, date '9999-12-31')
    left join fylke as f
        on
            e.fylkesnr = f.fylkesnr
            and f.struktur = 2024
),

med_foer as (
    select
        forlop_id,
        forlop_nr,
        dato,
        rekke,
        fylkesnr,
        lag(fylkesnr) over (partition by forlop_id, forlop_nr order by dato, rekke) as foer
    from plassert
),

opphold as (
    select
        forlop_id,
        forlop_nr,
        dato,
        fylkesnr,
        case when rekke = 0 then fylkesnr else foer end as foer,
        lead(dato) over (partition by forlop_id, forlop_nr order by dato, rekke) as neste
    from med_foer
    where coalesce(foer, 0) <> fylkesnr
)

select
    forlop_id,
    forlop_nr,
    dato as fra_dato,
    cast(cast(neste as int) - 1 as date) as til_dato,
    fylkesnr,
    foer as fylkesnr_foer
from opphold
where
    neste is null
    or neste > dato
order by forlop_id, forlop_nr, fra_dato
