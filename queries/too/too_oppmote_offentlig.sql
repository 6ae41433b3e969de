/*---
title = "Oppmøte til timer i TOO, åpne tall"
audience = "offentlig"
grain = ["fase", "omraade", "periodetype", "periode"]
dimensjoner = ["fase", "omraade", "periodetype", "periode", "n_fylker", "forelopig"]
versjon = 1
[columns.avtalte]
unit = "timer"
grunnlag = true
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.ikke_mott]
unit = "timer"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.andel_ikke_mott]
unit = "andel"
between = [0, 1]
avledet_av = ["ikke_mott", "avtalte"]
mangler = "ingen timer, eller tallene er skjult"
[columns.avbestilt]
unit = "timer"
mangler = "raden gjelder én fase, eller tallet kan regnes ut fra andre celler, eller er skjult"
[columns.n_fylker]
unit = "fylker"
dekning = true
mangler = "raden gjelder ett fylke"
[columns.forelopig]
unit = "0 nei, 1 ja"
---*/
-- D1 and D2: all phases together by tertial and year, each phase by year. What is held back is held for a level (the counties
-- of a region, the regions, the nation): its tertials of a calendar year together, a year by itself, all phases together; what
-- is held for the regions is held for all counties too. With no-shows those who came are counted as well. Not shown at all: the
-- nation's months and rolling years, which would leave a month, or a third of a year, between them and these. Appointments
-- without an attendance have no column: they would give back what is held of the others.
with korn as (
    select
        o.fase,
        o.omraade,
        o.periodetype,
        o.periode,
        o.avtalte,
        o.ikke_mott,
        o.avbestilt,
        o.n_fylker,
        o.forelopig,
        o.status,
        r.andre_fylker,
        r.nivaa,
        substr(o.periode, 1, 4) as aar,
        case when o.fase = 'alle' then 'alle' else 'faser' end as blokk
    from too_oppmote as o
    inner join too_rad as r
        on
            o.omraade = r.omraade
            and o.periodetype = r.periodetype
            and o.periode = r.periode
    where
        o.periodetype = 'aar'
        or (o.periodetype = 'tertial' and o.fase = 'alle')
),

smaa as (
    select
        nivaa,
        periodetype,
        aar,
        blokk,
        max(
            case
                when avtalte > 0 and avtalte < $minste_antall then 1
                when ikke_mott > 0 and ikke_mott < $minste_antall then 1
                when avtalte - ikke_mott > 0 and avtalte - ikke_mott < $minste_antall then 1
                else 0
            end
        ) as holdes,
        max(case when avbestilt > 0 and avbestilt < $minste_antall then 1 else 0 end) as avbestilt_holdes
    from korn
    group by nivaa, periodetype, aar, blokk
),

-- A phase stands only where all of them together do.
holdes as (
    select
        s.nivaa,
        s.periodetype,
        s.aar,
        s.blokk,
        greatest(s.holdes, a.holdes, coalesce(r.holdes, 0), coalesce(ra.holdes, 0)) as holdes,
        greatest(s.avbestilt_holdes, coalesce(r.avbestilt_holdes, 0)) as avbestilt_holdes
    from smaa as s
    inner join smaa as a
        on
            s.nivaa = a.nivaa
            and s.periodetype = a.periodetype
            and s.aar = a.aar
            and a.blokk = 'alle'
    left join smaa as r
        on
            s.periodetype = r.periodetype
            and s.aar = r.aar
            and s.blokk = r.blokk
            and r.nivaa = 'regioner'
            and s.nivaa <> 'landet'
    left join smaa as ra
        on
            s.periodetype = ra.periodetype
            and s.aar = ra.aar
            and ra.blokk = 'alle'
            and ra.nivaa = 'regioner'
            and s.nivaa <> 'landet'
),

aapnet as (
    select
        k.fase,
        k.omraade,
        k.periodetype,
        k.periode,
        k.avtalte,
        k.ikke_mott,
        k.avbestilt,
        k.n_fylker,
        k.forelopig,
        k.status,
        case when h.holdes + k.andre_fylker = 0 then 1 else 0 end as vises,
        case when k.fase = 'alle' and h.avbestilt_holdes + k.andre_fylker = 0 then 1 else 0 end as avbestilt_vises
    from korn as k
    inner join holdes as h
        on
            k.nivaa = h.nivaa
            and k.periodetype = h.periodetype
            and k.aar = h.aar
            and k.blokk = h.blokk
    where k.omraade <> '99'
)

select
    fase,
    omraade,
    periodetype,
    periode,
    case when vises = 1 then avtalte end as avtalte,
    case when vises = 1 then ikke_mott end as ikke_mott,
    case when vises = 1 then cast(ikke_mott as double) / nullif(avtalte, 0) end as andel_ikke_mott,
    case when avbestilt_vises = 1 then avbestilt end as avbestilt,
    n_fylker,
    forelopig,
    case when vises = 1 then status else 'skjult' end as status
from aapnet
order by fase, omraade, periodetype, periode
