/*---
title = "Sannsynligheten for minst så stor avstand fra det forventede, for hver lege i trakten"
audience = "arbeid"
grain = ["rekvirent_hpr"]
versjon = 1
bygger_paa = ["reservasjon"]
[columns.rekvirent_hpr]
unit = "HPR-nummer"
[columns.p]
unit = "sannsynlighet"
between = [0, 1]
[columns.q]
unit = "andel"
between = [0, 1]
[[sjekk]]
navn = "alle_i_trakten"
sql = "select 1 as funn from (select count(*) as n from kontroll_p) as p cross join (select count(*) as n from trakt_grense where vindu = 1 and avstand is not null) as t where p.n <> t.n"
melding = "a funnel doctor has no p: statistikk_tabell lacks a point of the normal distribution (B9)"
---*/
-- B9: p = 1 − Φ of the distance on the funnel's scale, Φ interpolated between points 0.001 apart; beyond ±40 it is 0 or 1.
-- Benjamini and Hochberg (1995), J. R. Statist. Soc. B 57, 289-300: over all m funnel doctors, q of the one with rank k
-- is the least p·m/rank of those from k on.
with avstander as (
    select
        rekvirent_hpr,
        least(greatest(avstand, -40.0), 39.999) as z,
        avstand
    from trakt_grense
    where
        vindu = 1
        and avstand is not null
),

punkter as (
    select
        rekvirent_hpr,
        avstand,
        z * 1000 - floor(z * 1000) as rest,
        cast(floor(z * 1000) as int) as under,
        cast(floor(z * 1000) as int) + 1 as over
    from avstander
),

sannsynligheter as (
    select
        a.rekvirent_hpr,
        case
            when a.avstand > 40 then 0.0
            when a.avstand < -40 then 1.0
            else greatest(0.0, 1 - (u.verdi + (o.verdi - u.verdi) * a.rest))
        end as p
    from punkter as a
    inner join statistikk_tabell as u
        on
            a.under = u.noekkel
            and u.tabell = 'phi'
    inner join statistikk_tabell as o
        on
            a.over = o.noekkel
            and o.tabell = 'phi'
),

rangert as (
    select
        rekvirent_hpr,
        p,
        row_number() over (order by p, rekvirent_hpr) as rang,
        count(*) over () as m
    from sannsynligheter
)

select
    rekvirent_hpr,
    p,
    least(
        1.0,
        min(p * cast(m as double) / cast(rang as double)) over (
            order by rang desc
            rows between unbounded preceding and current row
        )
    ) as q
from rangert
order by rekvirent_hpr
