/*---
title = "Fylkenes indikatorer mot fylkene samlet, med traktgrenser"
audience = "arbeid"
grain = ["kilde", "indikator", "omraade", "aar"]
versjon = 1
[columns.teller]
unit = "det som telles, se indikatoren"
mangler = "ikke levert, eller skjult i det åpne tallet"
[columns.nevner]
unit = "det som telles, se indikatoren"
mangler = "ikke levert, eller skjult i det åpne tallet"
[columns.verdi]
unit = "se indikatoren"
mangler = "teller eller nevner mangler, eller nevneren er 0"
[columns.samlet]
unit = "se indikatoren"
mangler = "ikke kjent for alle regionene"
[columns.nedre_95]
unit = "se indikatoren"
mangler = "indikatoren er ingen andel eller rate av forløp eller timer, eller tallene mangler"
[columns.ovre_95]
unit = "se indikatoren"
mangler = "indikatoren er ingen andel eller rate av forløp eller timer, eller tallene mangler"
[columns.nedre_998]
unit = "se indikatoren"
mangler = "indikatoren er ingen andel eller rate av forløp eller timer, eller tallene mangler"
[columns.ovre_998]
unit = "se indikatoren"
mangler = "indikatoren er ingen andel eller rate av forløp eller timer, eller tallene mangler"
---*/
-- Limits of chance alone around what all counties have together, z = 1.959964 and 3.090232. Of a share p0 of n:
-- p0 ± z·√(p0(1 − p0)/n), within 0 and 1. Of a rate with E expected: p0·max(0, 1 − z/(2√E))² and p0·(1 + z/(2√E))², as in B7
-- with no variation but chance (τ² = 0). Teams, positions, days and kroner are no draws: they have none.
with indikatorer as (
    select
        kode as indikator,
        slag,
        faktor
    from (
        values
        ('aarsverk_per_100_ferdigbehandlede', 'mengde', 1.0),
        ('andel_ikke_mott', 'andel', 1.0),
        ('andel_ventende_over_52_uker', 'andel', 1.0),
        ('andel_ventende_over_8_uker', 'andel', 1.0),
        ('behandlede_per_10000', 'rate', 10000.0),
        ('ferdigbehandlet_per_10000', 'rate', 10000.0),
        ('narkosedager_per_100000', 'mengde', 100000.0),
        ('psykologaarsverk_per_100000', 'mengde', 1000.0),
        ('tannhelseaarsverk_per_100000', 'mengde', 1000.0),
        ('team_per_100000', 'mengde', 100000.0),
        ('tilskudd_per_ferdigbehandlet', 'mengde', 1.0),
        ('tilskudd_per_voksen', 'mengde', 1.0)
    ) as koder (kode, slag, faktor)
),

samlet as (
    select
        kilde,
        indikator,
        aar,
        case
            when count(*) = count(teller) and count(*) = count(nevner)
                then cast(sum(teller) as double) / nullif(sum(nevner), 0)
        end as p0
    from too_indikator
    where omraade like 'region_%'
    group by kilde, indikator, aar
),

regnet as (
    select
        t.kilde,
        t.indikator,
        t.omraade,
        t.aar,
        t.teller,
        t.nevner,
        i.slag,
        cast(i.faktor as double) as faktor,
        s.p0,
        cast(t.teller as double) / nullif(t.nevner, 0) as p,
        case i.slag
            when 'andel' then sqrt(s.p0 * (1 - s.p0) / nullif(t.nevner, 0))
            when 'rate' then 1 / (2 * sqrt(nullif(s.p0 * t.nevner, 0)))
        end as s
    from too_indikator as t
    inner join indikatorer as i on t.indikator = i.indikator
    left join samlet as s
        on
            t.kilde = s.kilde
            and t.indikator = s.indikator
            and t.aar = s.aar
    where t.omraade not like 'region_%'
)

select
    kilde,
    indikator,
    omraade,
    aar,
    teller,
    nevner,
    p * faktor as verdi,
    p0 * faktor as samlet,
    case
        when p is null or s is null then null
        when slag = 'andel' then greatest(0.0, p0 - 1.959964 * s)
        when slag = 'rate' then p0 * faktor * power(greatest(0.0, 1 - 1.959964 * s), 2)
    end as nedre_95,
    case
        when p is null or s is null then null
        when slag = 'andel' then least(1.0, p0 + 1.959964 * s)
        when slag = 'rate' then p0 * faktor * power(1 + 1.959964 * s, 2)
    end as ovre_95,
    case
        when p is null or s is null then null
        when slag = 'andel' then greatest(0.0, p0 - 3.090232 * s)
        when slag = 'rate' then p0 * faktor * power(greatest(0.0, 1 - 3.090232 * s), 2)
    end as nedre_998,
    case
        when p is null or s is null then null
        when slag = 'andel' then least(1.0, p0 + 3.090232 * s)
        when slag = 'rate' then p0 * faktor * power(1 + 3.090232 * s, 2)
    end as ovre_998
from regnet
order by kilde, indikator, omraade, aar
