/*---
title = "Ventelistene i TOO, hele landet, åpne tall"
audience = "offentlig"
grain = ["steg", "omraade", "periode"]
dimensjoner = ["steg", "omraade", "periode", "n_fylker", "forelopig"]
versjon = 1
[columns.inngaaende]
unit = "forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.kommet_til]
unit = "forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.naadd]
unit = "forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.andre_ut]
unit = "forløp avsluttet, hoppet over eller overført til fylker som ikke er med, uten dem som kom derfra"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.utgaaende]
unit = "forløp"
grunnlag = true
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.n_fylker]
unit = "fylker"
dekning = true
[columns.forelopig]
unit = "0 nei, 1 ja"
---*/
-- D2: the nation by month. Stocks and flows hang together: whoever knows all but one knows that one. So below the nation
-- nothing is published, and the ways out other than the next step are one figure. The list is shown where
-- too_ventetid_offentlig shows how many wait, its opening where the month before has the same counties (it is that month's
-- closing), and the flows, all or none, where that table shows how many reached the step, none of them is small (D1), and
-- those who came onto the list for the team are not a few more than those who left the one for assessment.
--
-- How many came onto a list is told elsewhere, too. The referred come onto the lists for assessment and for teeth
-- alike: the two show their flows in the same months, and the one for the team only where the one for assessment does.
-- In a tertial all who came stand, as shares of them tell, in too_ventekurve_offentlig, needs for anaesthesia in
-- too_narkose_offentlig too; in a year the referred in too_dekning_offentlig and the assessed, who come onto the list
-- for the team, in too_maalgruppe_offentlig. All shown months but one would give that one back. So where the same
-- counties count in all months of a tertial, none is hidden alone: the month in which fewest came is hidden with it (of
-- months in which anybody came, or the two together were a small count; rather of those in which somebody left
-- otherwise, for the same reason).
with rader as (
    select
        l.steg,
        l.omraade,
        l.periode,
        l.inngaaende,
        l.kommet_til,
        l.naadd,
        l.inngaaende + l.kommet_til - l.naadd - l.utgaaende as andre_ut,
        l.utgaaende,
        l.n_fylker,
        l.forelopig,
        p.fra_dato
    from too_venteliste as l
    inner join too_periode as p
        on
            l.periodetype = p.periodetype
            and l.periode = p.periode
    where
        l.omraade = 'landet'
        and l.periodetype = 'maaned'
),

fylker as (
    select
        periode,
        concat(
            cast(count(*) as varchar), ' ', cast(sum(fylkesnr) as varchar), ' ',
            cast(sum(fylkesnr * fylkesnr) as varchar)
        ) as fylker
    from too_omraade
    where
        omraade = 'landet'
        and periodetype = 'maaned'
    group by periode
),

aapne as (
    select
        steg,
        periode,
        max(case when populasjon = 'ventende' and n is not null then 1 else 0 end) as liste_aapen,
        max(case when populasjon = 'avviklet' and n is not null then 1 else 0 end) as naadd_aapen
    from too_ventetid_offentlig
    where
        omraade = 'landet'
        and periodetype = 'maaned'
        and pauser = 'med'
    group by steg, periode
),

vurdert as (
    select
        periode,
        naadd
    from rader
    where steg = 'm0_m1'
),

vurderte as (
    select
        r.steg,
        r.omraade,
        r.periode,
        r.inngaaende,
        r.kommet_til,
        r.naadd,
        r.andre_ut,
        r.utgaaende,
        r.n_fylker,
        r.forelopig,
        f.fylker,
        a.liste_aapen,
        case
            when lag(f.fylker) over (partition by r.steg order by r.fra_dato) = f.fylker
                then lag(a.liste_aapen) over (partition by r.steg order by r.fra_dato)
            else 0
        end as foer_aapen,
        case
            when a.naadd_aapen = 0 then 0
            when r.naadd > 0 and r.naadd < $minste_antall then 0
            when r.kommet_til > 0 and r.kommet_til < $minste_antall then 0
            when r.andre_ut <> 0 and r.andre_ut < $minste_antall then 0
            when r.steg = 'm1_m2' and r.kommet_til <> v.naadd and abs(r.kommet_til - v.naadd) < $minste_antall then 0
            else 1
        end as stroem_aapen
    from rader as r
    inner join fylker as f on r.periode = f.periode
    inner join aapne as a
        on
            r.steg = a.steg
            and r.periode = a.periode
    inner join vurdert as v on r.periode = v.periode
),

henvist as (
    select
        periode,
        min(foer_aapen * liste_aapen * stroem_aapen) as aapen
    from vurderte
    where steg in ('m0_m1', 'm0_m4')
    group by periode
),

bundet as (
    select
        v.steg,
        v.omraade,
        v.periode,
        v.inngaaende,
        v.kommet_til,
        v.naadd,
        v.andre_ut,
        v.utgaaende,
        v.n_fylker,
        v.forelopig,
        v.fylker,
        v.liste_aapen,
        v.foer_aapen,
        case
            when v.steg in ('m0_m1', 'm0_m4', 'm1_m2') then v.foer_aapen * v.liste_aapen * v.stroem_aapen * h.aapen
            else v.foer_aapen * v.liste_aapen * v.stroem_aapen
        end as aapen,
        min(case when v.andre_ut = 0 then 0 else 1 end) over (
            partition by case when v.steg in ('m0_m1', 'm0_m4') then 'm0' else v.steg end, v.periode
        ) as noen_andre_ut,
        concat(
            substr(v.periode, 1, 4), '-T', cast((cast(substr(v.periode, 6, 2) as int) + 3) / 4 as varchar)
        ) as tertial
    from vurderte as v
    inner join henvist as h on v.periode = h.periode
),

alene as (
    select
        steg,
        tertial
    from bundet
    group by steg, tertial
    having
        count(*) = 4
        and min(fylker) = max(fylker)
        and sum(aapen) = 3
),

ordnet as (
    select
        b.steg,
        b.omraade,
        b.periode,
        b.inngaaende,
        b.kommet_til,
        b.naadd,
        b.andre_ut,
        b.utgaaende,
        b.n_fylker,
        b.forelopig,
        b.liste_aapen,
        b.foer_aapen,
        b.aapen,
        a.steg as alene,
        row_number() over (
            partition by b.steg, b.tertial, b.aapen
            order by
                case when b.kommet_til = 0 then 1 else 0 end,
                b.noen_andre_ut desc,
                b.kommet_til,
                b.periode
        ) as nr
    from bundet as b
    left join alene as a
        on
            b.steg = a.steg
            and b.tertial = a.tertial
),

aapnet as (
    select
        steg,
        omraade,
        periode,
        inngaaende,
        kommet_til,
        naadd,
        andre_ut,
        utgaaende,
        n_fylker,
        forelopig,
        liste_aapen,
        foer_aapen,
        case when alene is not null and nr = 1 then 0 else aapen end as vises
    from ordnet
)

select
    steg,
    omraade,
    periode,
    case when foer_aapen = 1 and liste_aapen = 1 then inngaaende end as inngaaende,
    case when vises = 1 then kommet_til end as kommet_til,
    case when vises = 1 then naadd end as naadd,
    case when vises = 1 then andre_ut end as andre_ut,
    case when liste_aapen = 1 then utgaaende end as utgaaende,
    n_fylker,
    forelopig,
    case when vises = 1 then 'vist' else 'skjult' end as status
from aapnet
order by steg, omraade, periode
