/*---
title = "Hva som blir igjen når ventelister og ventetider regnes mot hverandre"
audience = "arbeid"
grain = ["steg", "omraade", "periodetype", "periode"]
versjon = 1
[columns.kommet_til]
unit = "forløp"
[columns.andre_ut]
unit = "forløp som gikk ut på andre måter enn til neste steg, uten dem som kom fra andre fylker"
[columns.uten_ventetid]
unit = "forløp som kom på listen uten å ha ventet på steget før; av m1_m2 alene"
mangler = "steget er ikke m1_m2"
[columns.smaa]
unit = "0 nei, 1 ja"
---*/
-- Who waits and who reached the step are public by area and period. Where a table tells how many began to wait, too, the
-- balance tells how many left the list otherwise (of an area, less those who came from others). And who came onto the
-- list for the team, less who ended a wait for an assessment, were assessed without having waited for it. `smaa`: one of
-- these is 1 to 4, so that no public table may tell how many began to wait. The referred come onto the lists for
-- assessment and for teeth alike: what holds of one of them holds of both, and, since they are public for each year, of
-- all tertials of a year.
with koder as (
    select
        lpad(cast(fylkesnr as varchar), 2, '0') as omraade,
        max(region) as region
    from fylke
    group by lpad(cast(fylkesnr as varchar), 2, '0')
),

lister as (
    select
        steg,
        omraade,
        periodetype,
        periode,
        inngaaende + kommet_til - naadd - utgaaende as andre_ut,
        kommet_til,
        naadd
    from too_venteliste
    where periodetype in ('aar', 'tertial')
    union all
    select
        l.steg,
        k.region as omraade,
        l.periodetype,
        l.periode,
        sum(l.inngaaende + l.kommet_til - l.naadd - l.utgaaende) as andre_ut,
        sum(l.kommet_til) as kommet_til,
        sum(l.naadd) as naadd
    from too_venteliste as l
    inner join koder as k on l.omraade = k.omraade
    where l.periodetype in ('aar', 'tertial')
    group by l.steg, k.region, l.periodetype, l.periode
),

vurdert as (
    select
        omraade,
        periodetype,
        periode,
        naadd
    from lister
    where steg = 'm0_m1'
),

rester as (
    select
        l.steg,
        l.omraade,
        l.periodetype,
        l.periode,
        l.kommet_til,
        l.andre_ut,
        case when l.steg = 'm1_m2' then l.kommet_til - v.naadd end as uten_ventetid
    from lister as l
    inner join vurdert as v
        on
            l.omraade = v.omraade
            and l.periodetype = v.periodetype
            and l.periode = v.periode
),

merket as (
    select
        steg,
        omraade,
        periodetype,
        periode,
        kommet_til,
        andre_ut,
        uten_ventetid,
        case
            when andre_ut <> 0 and abs(andre_ut) < $minste_antall then 1
            when uten_ventetid <> 0 and abs(uten_ventetid) < $minste_antall then 1
            else 0
        end as smaa,
        case when steg in ('m0_m1', 'm0_m4') then 1 else 0 end as m0,
        substr(periode, 1, 4) as aar
    from rester
)

select
    steg,
    omraade,
    periodetype,
    periode,
    kommet_til,
    andre_ut,
    uten_ventetid,
    case
        when steg in ('m0_m1', 'm0_m4') then max(smaa) over (partition by m0, omraade, periodetype, aar)
        else smaa
    end as smaa
from merket
order by steg, omraade, periodetype, periode
