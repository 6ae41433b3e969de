/*---
title = "Reservasjonsgrad per lege, siste 12 måneder"
audience = "lege"
grain = ["rekvirent_hpr"]
mappe = "rekvirent_hpr"
versjon = 1
[columns.rekvirent_hpr]
unit = "HPR-nummer"
[columns.forskrivninger]
unit = "forskrivninger"
mangler = "færre enn 12 måneder er levert, eller utleveringens nummer mangler"
[columns.reservert]
unit = "forskrivninger, eller utleveringer når nummer mangler"
mangler = "færre enn 12 måneder er levert"
[columns.reservasjonsgrad]
unit = "andel"
between = [0, 1]
avledet_av = ["reservert", "forskrivninger"]
mangler = "ingen forskrivninger i grunnlaget, eller færre enn 12 måneder er levert"
[columns.nedre]
unit = "andel"
between = [0, 1]
mangler = "ingen forskrivninger i grunnlaget, eller bare utleveringer kan telles"
[columns.ovre]
unit = "andel"
between = [0, 1]
mangler = "ingen forskrivninger i grunnlaget, eller bare utleveringer kan telles"
[columns.forventet]
unit = "forskrivninger"
desimaler = 1
mangler = "ingen forskrivninger i grunnlaget, eller færre enn 12 måneder er levert"
[columns.standardisert_ratio]
unit = "forholdstall"
desimaler = 2
mangler = "forventet antall er 0, eller færre enn 12 måneder er levert"
[columns.sr_nedre]
unit = "forholdstall"
desimaler = 2
mangler = "forventet antall er 0, eller bare utleveringer kan telles"
[columns.sr_ovre]
unit = "forholdstall"
desimaler = 2
mangler = "forventet antall er 0, eller bare utleveringer kan telles"
[columns.utleveringer]
unit = "utleveringer"
mangler = "færre enn 12 måneder er levert"
[[sjekk]]
navn = "utenfor_statistikk_tabell"
sql = "select rekvirent_hpr from lege_sum where r > 20000"
melding = "a doctor has more reservations than statistikk_tabell has limits for; extend the table, never extrapolate"
---*/
-- B6: Wilson's interval for the rate; exact Poisson limits for the standardised ratio. B12: who has a page.
with sider as (
    select distinct l.rekvirent_hpr
    from lege as l
    inner join reservasjon_vindu as v
        on
            l.gyldig_fra <= v.til_dato
            and coalesce(l.gyldig_til, date '9999-12-31') >= v.til_dato
),

tall as (
    select
        d.rekvirent_hpr,
        v.fra_maaned_tekst as fra_maaned,
        v.til_maaned_tekst as til_maaned,
        v.komplett,
        v.teller_forskrivninger,
        d.n,
        d.r,
        d.utleveringer,
        d.forventet,
        cast(d.n as double) as nd,
        cast(d.r as double) / nullif(cast(d.n as double), 0) as grad,
        case when d.forventet > 0 then d.forventet end as nevner,
        1.959964 as z
    from sider as s
    inner join lege_sum as d on s.rekvirent_hpr = d.rekvirent_hpr
    cross join reservasjon_vindu as v
    where d.linjer > 0
),

intervaller as (
    select
        t.rekvirent_hpr,
        t.fra_maaned,
        t.til_maaned,
        t.komplett,
        t.teller_forskrivninger,
        t.n,
        t.r,
        t.utleveringer,
        t.forventet,
        t.grad,
        case
            when t.r = 0 then 0.0
            when t.n > 0
                then
                    (
                        t.grad + t.z * t.z / (2 * t.nd)
                        - t.z * sqrt(t.grad * (1 - t.grad) / t.nd + t.z * t.z / (4 * t.nd * t.nd))
                    ) / (1 + t.z * t.z / t.nd)
        end as nedre,
        case
            when t.r = t.n then 1.0
            when t.n > 0
                then
                    (
                        t.grad + t.z * t.z / (2 * t.nd)
                        + t.z * sqrt(t.grad * (1 - t.grad) / t.nd + t.z * t.z / (4 * t.nd * t.nd))
                    ) / (1 + t.z * t.z / t.nd)
        end as ovre,
        cast(t.r as double) / t.nevner as standardisert_ratio,
        p.nedre / t.nevner as sr_nedre,
        p.ovre / t.nevner as sr_ovre
    from tall as t
    left join statistikk_tabell as p
        on
            t.r = p.noekkel
            and p.tabell = 'poisson95'
)

select
    rekvirent_hpr,
    fra_maaned,
    til_maaned,
    case when komplett = 1 and teller_forskrivninger = 1 then n end as forskrivninger,
    case when komplett = 1 then r end as reservert,
    case when komplett = 1 then grad end as reservasjonsgrad,
    case when komplett = 1 and teller_forskrivninger = 1 and n > 0 then nedre end as nedre,
    case when komplett = 1 and teller_forskrivninger = 1 and n > 0 then ovre end as ovre,
    case when komplett = 1 and n > 0 then forventet end as forventet,
    case when komplett = 1 and n > 0 then standardisert_ratio end as standardisert_ratio,
    case when komplett = 1 and teller_forskrivninger = 1 and n > 0 then sr_nedre end as sr_nedre,
    case when komplett = 1 and teller_forskrivninger = 1 and n > 0 then sr_ovre end as sr_ovre,
    case when komplett = 1 then utleveringer end as utleveringer,
    case when komplett = 1 and n > 0 then 'vist' else 'mangler' end as status
from intervaller
order by rekvirent_hpr
