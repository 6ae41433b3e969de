/*---
title = "Fylkeskoder der levert Klass og den innebygde inndelingen er uenige"
audience = "arbeid"
grain = ["dato", "fylkesnr"]
versjon = 1
[columns.navn_klass]
mangler = "koden er ikke i Klass den dagen"
[columns.navn]
mangler = "koden er ikke i den innebygde inndelingen den dagen"
[[sjekk]]
navn = "klass_uenig"
sql = "select concat(fylkesnr, ' on ', cast(dato as varchar)) as avvik from klass_avvik order by dato, fylkesnr"
viser = "avvik"
melding = "county codes of the delivered klass 104 and of queries/felles/fylke.sql differ; mend the one that is wrong"
---*/
-- Compared on the first and the last day of each structure and on the run's day, where the delivery says what was valid.
-- Names are compared by their first form, Troms of Troms - Romsa - Tromssa. 21 to 29 (Svalbard and the like) and 99
-- (unknown) are no counties.
with klass as (
    select
        kode as fylkesnr,
        split_part(navn, ' - ', 1) as navn,
        gyldig_fra,
        coalesce(gyldig_til, date '9999-12-31') as gyldig_til
    from klass_kode
    where
        kodeverk = 104
        and nivaa = 1
        and kode not between '21' and '29'
        and kode <> '99'
),

dekning as (
    select
        min(gyldig_fra) as fra,
        max(gyldig_til) as til
    from klass
),

dager as (
    select
        f.struktur,
        make_date(cast(f.struktur as int), 1, 1) as dato
    from fylke as f
    union
    select
        max(f.struktur) as struktur,
        d.dato
    from (
        values
        (date '2019-12-31'),
        (date '2023-12-31'),
        (cast($as_of as date))
    ) as d (dato)
    inner join fylke as f on make_date(cast(f.struktur as int), 1, 1) <= d.dato
    group by d.dato
),

dekkede as (
    select
        d.struktur,
        d.dato
    from dager as d
    inner join dekning as k on d.dato between k.fra and k.til
),

fra_klass as (
    select
        d.dato,
        k.fylkesnr,
        max(k.navn) as navn
    from dekkede as d
    inner join klass as k on d.dato between k.gyldig_fra and k.gyldig_til
    group by d.dato, k.fylkesnr
),

innebygd as (
    select
        d.dato,
        lpad(cast(f.fylkesnr as varchar), 2, '0') as fylkesnr,
        f.navn
    from dekkede as d
    inner join fylke as f on d.struktur = f.struktur
)

select
    coalesce(k.dato, i.dato) as dato,
    coalesce(k.fylkesnr, i.fylkesnr) as fylkesnr,
    k.navn as navn_klass,
    i.navn
from fra_klass as k
full outer join innebygd as i
    on
        k.dato = i.dato
        and k.fylkesnr = i.fylkesnr
where
    k.fylkesnr is null
    or i.fylkesnr is null
    or k.navn <> i.navn
order by dato, fylkesnr
