/*---
title = "Hvem som henviser til TOO, åpne tall"
audience = "offentlig"
grain = ["henvisningskilde", "omraade", "periode"]
dimensjoner = ["henvisningskilde", "omraade", "periode", "n_fylker", "forelopig"]
versjon = 1
[columns.henviste_fra]
unit = "forløp henvist i året"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.henviste]
unit = "forløp henvist i året, fra alle kilder"
grunnlag = true
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.andel_henviste_fra]
unit = "andel"
between = [0, 1]
avledet_av = ["henviste_fra", "henviste"]
mangler = "ingen er henvist, eller tallene er skjult"
[columns.n_fylker]
unit = "fylker"
dekning = true
mangler = "raden gjelder ett fylke"
[columns.forelopig]
unit = "0 nei, 1 ja"
---*/
-- D1 and D2: by year, in four groups of sources, since the smaller sources are a handful in a county; each source by itself for
-- the nation. What is held back is held for a level (the counties of a region, the regions, the nation) in a year, all groups
-- together, since they add up to all; what is held for the regions is held for all counties too.
with grupper as (
    select
        kilde,
        unnest(make_array(kilde, gruppe)) as henvisningskilde,
        unnest(make_array('kilder', 'grupper')) as blokk
    from (
        values
        ('annet', 'gruppe_andre'),
        ('asyl_flyktning', 'gruppe_andre'),
        ('fastlege', 'gruppe_lege_psykolog'),
        ('ikke_oppgitt', 'gruppe_andre'),
        ('parorende', 'gruppe_andre'),
        ('psykolog', 'gruppe_lege_psykolog'),
        ('selv', 'gruppe_selv'),
        ('tannlege', 'gruppe_tannhelse'),
        ('tannpleier', 'gruppe_tannhelse')
    ) as koder (kilde, gruppe)
),

korn as (
    select
        g.henvisningskilde,
        g.blokk,
        h.omraade,
        h.periode,
        r.nivaa,
        r.andre_fylker,
        sum(h.henviste_fra) as henviste_fra,
        max(h.henviste) as henviste,
        max(h.n_fylker) as n_fylker,
        max(h.forelopig) as forelopig,
        max(h.status) as status
    from too_henvisning as h
    inner join grupper as g on h.henvisningskilde = g.kilde
    inner join too_rad as r
        on
            h.omraade = r.omraade
            and h.periodetype = r.periodetype
            and h.periode = r.periode
    where
        h.periodetype = 'aar'
        and (g.blokk = 'grupper' or r.nivaa = 'landet')
    group by g.henvisningskilde, g.blokk, h.omraade, h.periode, r.nivaa, r.andre_fylker
),

smaa as (
    select
        nivaa,
        periode,
        blokk,
        max(
            case
                when henviste > 0 and henviste < $minste_antall then 1
                when henviste_fra > 0 and henviste_fra < $minste_antall then 1
                when henviste - henviste_fra > 0 and henviste - henviste_fra < $minste_antall then 1
                else 0
            end
        ) as holdes
    from korn
    group by nivaa, periode, blokk
),

-- The sources of a group stand only where the groups do.
aapnet as (
    select
        k.henvisningskilde,
        k.omraade,
        k.periode,
        k.henviste_fra,
        k.henviste,
        k.n_fylker,
        k.forelopig,
        k.status,
        case
            when greatest(s.holdes, g.holdes, coalesce(r.holdes, 0)) + k.andre_fylker = 0 then 1
            else 0
        end as vises
    from korn as k
    inner join smaa as s
        on
            k.nivaa = s.nivaa
            and k.periode = s.periode
            and k.blokk = s.blokk
    inner join smaa as g
        on
            k.nivaa = g.nivaa
            and k.periode = g.periode
            and g.blokk = 'grupper'
    left join smaa as r
        on
            k.periode = r.periode
            and k.blokk = r.blokk
            and r.nivaa = 'regioner'
            and k.nivaa <> 'landet'
    where k.omraade <> '99'
)

select
    henvisningskilde,
    omraade,
    periode,
    case when vises = 1 then henviste_fra end as henviste_fra,
    case when vises = 1 then henviste end as henviste,
    case when vises = 1 then cast(henviste_fra as double) / nullif(henviste, 0) end as andel_henviste_fra,
    n_fylker,
    forelopig,
    case when vises = 1 then status else 'skjult' end as status
from aapnet
order by henvisningskilde, omraade, periode
