/*---
title = "Narkose i TOO, åpne tall"
audience = "offentlig"
grain = ["fase", "omraade", "periodetype", "periode"]
dimensjoner = ["fase", "omraade", "periodetype", "periode", "n_fylker", "forelopig"]
versjon = 1
[columns.narkose_behov]
unit = "behov som oppsto"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.narkose_gjort]
unit = "narkoser"
grunnlag = true
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.narkose_foer_team]
unit = "narkoser før angstbehandlingen begynte"
mangler = "raden gjelder én fase, eller tallet kan regnes ut fra andre celler, eller er skjult"
[columns.narkose_aapne]
unit = "behov som ikke er dekket ved periodens slutt"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.n_fylker]
unit = "fylker"
dekning = true
mangler = "raden gjelder ett fylke"
[columns.forelopig]
unit = "0 nei, 1 ja"
---*/
-- D1 and D2: all phases together by tertial and year, each phase for the nation by year only, since a county has a handful in
-- each. What is held back is held for a level (the counties of a region, the regions, the nation): its tertials of a calendar
-- year together, a year by itself, all phases together; what is held for the regions is held for all counties too. What was
-- done, needs that came and open needs follow from each other but for the few that fell away: needs stand only where what was
-- done does, and those that came with those that are open. Not shown at all: the nation's months and rolling years, and needs
-- that fell away or were never told.
--
-- What was open and came, less what was done and is open, is what fell away less what was done without a need (and, of
-- counties and regions, what moved out less what moved in): needs are held where any of these is 1 to 4. What was done
-- in the nation, less the waits for it that ended (too_ventetid_offentlig), was done without a need: where that is 1 to
-- 4, what was done is held, of regions and counties too, since they add up to the nation.
with korn as (
    select
        o.fase,
        o.omraade,
        o.periodetype,
        o.periode,
        o.narkose_behov,
        o.narkose_gjort,
        o.narkose_foer_team,
        o.narkose_aapne,
        o.narkose_uten_behov,
        o.narkose_bortfalt,
        lag(o.narkose_aapne) over (partition by o.fase, o.omraade, o.periodetype order by o.periode)
        + o.narkose_behov
        - o.narkose_gjort
        - o.narkose_aapne as balanse,
        o.n_fylker,
        o.forelopig,
        o.status,
        r.andre_fylker,
        r.nivaa,
        substr(o.periode, 1, 4) as aar,
        case when o.fase = 'alle' then 'alle' else 'faser' end as blokk
    from too_narkose as o
    inner join too_rad as r
        on
            o.omraade = r.omraade
            and o.periodetype = r.periodetype
            and o.periode = r.periode
    where
        (o.periodetype in ('aar', 'tertial') and o.fase = 'alle')
        or (o.periodetype = 'aar' and o.omraade in ('landet', '99'))
),

smaa as (
    select
        nivaa,
        periodetype,
        aar,
        blokk,
        max(case when narkose_gjort > 0 and narkose_gjort < $minste_antall then 1 else 0 end) as holdes,
        max(
            case
                when narkose_behov > 0 and narkose_behov < $minste_antall then 1
                when narkose_aapne > 0 and narkose_aapne < $minste_antall then 1
                -- Between the phases courses move: of one nothing follows.
                when blokk = 'faser' then 0
                when narkose_bortfalt > 0 and narkose_bortfalt < $minste_antall then 1
                when narkose_uten_behov > 0 and narkose_uten_behov < $minste_antall then 1
                when
                    narkose_bortfalt <> narkose_uten_behov
                    and abs(narkose_bortfalt - narkose_uten_behov) < $minste_antall
                    then 1
                when balanse <> 0 and abs(balanse) < $minste_antall then 1
                else 0
            end
        ) as behov_holdes,
        max(
            case
                when omraade = 'landet' and narkose_uten_behov > 0 and narkose_uten_behov < $minste_antall then 1
                else 0
            end
        ) as uten_behov_holdes,
        max(
            case
                when blokk = 'faser' then 0
                when narkose_foer_team > 0 and narkose_foer_team < $minste_antall then 1
                when narkose_gjort - narkose_foer_team > 0 and narkose_gjort - narkose_foer_team < $minste_antall then 1
                else 0
            end
        ) as foer_team_holdes
    from korn
    group by nivaa, periodetype, aar, blokk
),

-- A phase stands only where all of them together do; those before the team are two of the phases.
holdes as (
    select
        s.nivaa,
        s.periodetype,
        s.aar,
        s.blokk,
        greatest(s.holdes, a.holdes, coalesce(r.holdes, 0), coalesce(l.uten_behov_holdes, 0)) as holdes,
        greatest(
            s.holdes,
            a.holdes,
            coalesce(r.holdes, 0),
            coalesce(l.uten_behov_holdes, 0),
            s.behov_holdes,
            a.behov_holdes,
            coalesce(r.behov_holdes, 0)
        ) as behov_holdes,
        greatest(
            s.holdes,
            coalesce(r.holdes, 0),
            coalesce(l.uten_behov_holdes, 0),
            s.foer_team_holdes,
            coalesce(r.foer_team_holdes, 0)
        ) as foer_team_holdes
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
    left join smaa as l
        on
            s.periodetype = l.periodetype
            and s.aar = l.aar
            and l.nivaa = 'landet'
            and l.blokk = 'alle'
),

aapnet as (
    select
        k.fase,
        k.omraade,
        k.periodetype,
        k.periode,
        k.narkose_behov,
        k.narkose_gjort,
        k.narkose_foer_team,
        k.narkose_aapne,
        k.n_fylker,
        k.forelopig,
        k.status,
        case when h.holdes + k.andre_fylker = 0 then 1 else 0 end as vises,
        case when h.behov_holdes + k.andre_fylker = 0 then 1 else 0 end as behov_vises,
        case when k.fase = 'alle' and h.foer_team_holdes + k.andre_fylker = 0 then 1 else 0 end as foer_team_vises
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
    case when behov_vises = 1 then narkose_behov end as narkose_behov,
    case when vises = 1 then narkose_gjort end as narkose_gjort,
    case when foer_team_vises = 1 then narkose_foer_team end as narkose_foer_team,
    case when behov_vises = 1 then narkose_aapne end as narkose_aapne,
    n_fylker,
    forelopig,
    case when vises = 1 then status else 'skjult' end as status
from aapnet
order by fase, omraade, periodetype, periode
