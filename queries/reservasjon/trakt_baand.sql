/*---
title = "Trakten ved faste forventede antall, og hvordan legene mellom dem fordeler seg"
audience = "arbeid"
grain = ["forventet_fra"]
versjon = 1
[columns.forventet_fra]
unit = "forventede reservasjoner, fra og med"
[columns.forventet_til]
unit = "forventede reservasjoner, til"
mangler = "øverste gruppe er åpen"
[columns.trakt95_nedre]
unit = "forholdstall"
[columns.trakt95_ovre]
unit = "forholdstall"
[columns.trakt998_nedre]
unit = "forholdstall"
[columns.trakt998_ovre]
unit = "forholdstall"
[columns.antall]
unit = "leger"
[columns.p10]
unit = "forholdstall"
mangler = "ingen leger"
[columns.p25]
unit = "forholdstall"
mangler = "ingen leger"
[columns.p50]
unit = "forholdstall"
mangler = "ingen leger"
[columns.p75]
unit = "forholdstall"
mangler = "ingen leger"
[columns.p90]
unit = "forholdstall"
mangler = "ingen leger"
---*/
with kanter as (
    select unnest(make_array(5, 7, 10, 14, 20, 28, 40, 56, 80, 112, 160, 240, 480, 960, 1920)) as forventet_fra
),

baand as (
    select
        forventet_fra,
        lead(forventet_fra) over (order by forventet_fra) as forventet_til
    from kanter
),

rangert as (
    select
        b.forventet_fra,
        cast(l.r as double) / l.forventet as ratio,
        row_number() over (
            partition by b.forventet_fra order by cast(l.r as double) / l.forventet, l.rekvirent_hpr
        ) as rang,
        count(*) over (partition by b.forventet_fra) as antall
    from trakt_lege as l
    inner join baand as b
        on
            l.forventet >= b.forventet_fra
            and l.forventet < coalesce(b.forventet_til, 1e18)
    where l.vindu = 1
),

fordelt as (
    select
        forventet_fra,
        count(*) as antall,
        max(case when rang = (10 * antall + 99) / 100 then ratio end) as p10,
        max(case when rang = (25 * antall + 99) / 100 then ratio end) as p25,
        max(case when rang = (50 * antall + 99) / 100 then ratio end) as p50,
        max(case when rang = (75 * antall + 99) / 100 then ratio end) as p75,
        max(case when rang = (90 * antall + 99) / 100 then ratio end) as p90
    from rangert
    group by forventet_fra
)

select
    b.forventet_fra,
    b.forventet_til,
    power(greatest(0.0, 1 - 1.959964 * sqrt(1 / (4 * cast(b.forventet_fra as double)) + t.tau2)), 2) as trakt95_nedre,
    power(1 + 1.959964 * sqrt(1 / (4 * cast(b.forventet_fra as double)) + t.tau2), 2) as trakt95_ovre,
    power(greatest(0.0, 1 - 3.090232 * sqrt(1 / (4 * cast(b.forventet_fra as double)) + t.tau2)), 2) as trakt998_nedre,
    power(1 + 3.090232 * sqrt(1 / (4 * cast(b.forventet_fra as double)) + t.tau2), 2) as trakt998_ovre,
    coalesce(f.antall, 0) as antall,
    f.p10,
    f.p25,
    f.p50,
    f.p75,
    f.p90
from baand as b
inner join trakt as t
    on
        t.vindu = 1
        and t.tau2 is not null
left join fordelt as f on b.forventet_fra = f.forventet_fra
order by b.forventet_fra
