/*---
title = "Målgrupper i TOO, åpne tall"
audience = "offentlig"
grain = ["maalgruppe", "omraade", "periode"]
dimensjoner = ["maalgruppe", "omraade", "periode", "n_fylker", "forelopig"]
versjon = 1
[columns.vurderte_med]
unit = "forløp vurdert første gang i året"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.vurderte]
unit = "forløp vurdert første gang i året, i alle målgrupper"
grunnlag = true
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.andel_vurderte_med]
unit = "andel"
between = [0, 1]
avledet_av = ["vurderte_med", "vurderte"]
mangler = "ingen er vurdert, eller tallene er skjult"
[columns.ferdigbehandlet_med]
unit = "vurderte forløp ferdigbehandlet i året"
mangler = "raden gjelder en del av landet, eller tallet kan regnes ut fra andre celler, eller er skjult"
[columns.aapne_med]
unit = "vurderte forløp som er åpne ved årets slutt"
mangler = "raden gjelder en del av landet, eller tallet kan regnes ut fra andre celler, eller er skjult"
[columns.n_fylker]
unit = "fylker"
dekning = true
mangler = "raden gjelder ett fylke"
[columns.forelopig]
unit = "0 nei, 1 ja"
---*/
-- D1 and D2: by year; torture for the nation only. What is held back is held for a level (the counties of a region, the
-- regions, the nation) in a year; what is held for the regions is held for all counties too. Where everybody has the target
-- group, or all but 1 to 4, it is held. Where more were assessed than the other groups have, at least so many have torture:
-- then the level of the region or county shows none of the groups. So that nothing else says so, they are told of those who
-- were assessed only; those who were completed or are open are told of the nation.
--
-- Two other public tables hold the wholes. How many were completed in the nation stands in too_dekning_offentlig: where
-- all of them have the target group, or all but 1 to 4, it is held. How many ended a wait for their assessment stands
-- in too_ventetid_offentlig for each area, by parts of the year that add up to it: `vurderte` has those without such a
-- wait more. Where these are 1 to 4, `vurderte` and the shares of it are held, whether or not the waits are shown
-- today: they may be on another day. How many of them have a target group gives neither back. So it is with those who
-- came onto the list for the team: too_maaloppnaaelse_offentlig is made of these. In the nation all groups stand: what
-- they have together more than were assessed are those with several, and where these are 1 to 4, `vurderte` is held too.
with korn as (
    select
        m.maalgruppe,
        m.omraade,
        m.periode,
        m.vurderte_med,
        m.vurderte,
        m.ferdigbehandlet_med,
        m.aapne_med,
        m.n_fylker,
        m.forelopig,
        m.status,
        r.nivaa,
        r.andre_fylker,
        case when m.omraade = 'landet' then d.ferdigbehandlet - m.ferdigbehandlet_med end as ferdigbehandlet_uten,
        m.vurderte - v.n as uten_ventetid,
        m.vurderte - t.kommet_til as uten_vent_paa_team
    from too_maalgruppe as m
    inner join too_rad as r
        on
            m.omraade = r.omraade
            and m.periodetype = r.periodetype
            and m.periode = r.periode
    left join too_dekning as d
        on
            m.omraade = d.omraade
            and m.periodetype = d.periodetype
            and m.periode = d.periode
    left join too_ventetid as v
        on
            m.omraade = v.omraade
            and m.periodetype = v.periodetype
            and m.periode = v.periode
            and v.steg = 'm0_m1'
            and v.populasjon = 'avviklet'
            and v.pauser = 'med'
    left join too_rest as t
        on
            m.omraade = t.omraade
            and m.periodetype = t.periodetype
            and m.periode = t.periode
            and t.steg = 'm1_m2'
    where m.periodetype = 'aar'
),

rester as (
    select
        nivaa,
        omraade,
        periode,
        max(vurderte) as vurderte,
        sum(case when maalgruppe = 'tortur' then 0 else vurderte_med end) as i_andre,
        case
            when nivaa <> 'landet' then 0
            when sum(vurderte_med) - max(vurderte) > 0 and sum(vurderte_med) - max(vurderte) < $minste_antall then 1
            else 0
        end as flere_smaa,
        max(
            case
                when maalgruppe = 'tortur' and nivaa <> 'landet' then 0
                when vurderte_med > 0 and vurderte_med < $minste_antall then 1
                when vurderte_med > 0 and vurderte - vurderte_med < $minste_antall then 1
                when vurderte > 0 and vurderte < $minste_antall then 1
                else 0
            end
        ) as smaa,
        max(
            case
                when ferdigbehandlet_med > 0 and ferdigbehandlet_med < $minste_antall then 1
                when ferdigbehandlet_med > 0 and ferdigbehandlet_uten < $minste_antall then 1
                else 0
            end
        ) as ferdig_smaa,
        max(
            case
                when uten_ventetid <> 0 and abs(uten_ventetid) < $minste_antall then 1
                when uten_vent_paa_team <> 0 and abs(uten_vent_paa_team) < $minste_antall then 1
                else 0
            end
        ) as vurderte_smaa,
        max(case when aapne_med > 0 and aapne_med < $minste_antall then 1 else 0 end) as aapne_smaa
    from korn
    group by nivaa, omraade, periode
),

smaa as (
    select
        nivaa,
        periode,
        max(case when nivaa <> 'landet' and vurderte > i_andre then 1 else smaa end) as holdes,
        max(greatest(vurderte_smaa, flere_smaa)) as vurderte_holdes,
        max(ferdig_smaa) as ferdig_holdes,
        max(aapne_smaa) as aapne_holdes
    from rester
    group by nivaa, periode
),

aapnet as (
    select
        k.maalgruppe,
        k.omraade,
        k.periode,
        k.nivaa,
        k.vurderte_med,
        k.vurderte,
        k.ferdigbehandlet_med,
        k.aapne_med,
        k.n_fylker,
        k.forelopig,
        k.status,
        case when greatest(s.holdes, coalesce(r.holdes, 0)) + k.andre_fylker = 0 then 1 else 0 end as med_vises,
        case
            when
                greatest(s.holdes, coalesce(r.holdes, 0), s.vurderte_holdes, coalesce(r.vurderte_holdes, 0))
                + k.andre_fylker
                = 0
                then 1
            else 0
        end as vises,
        case when k.nivaa = 'landet' and s.ferdig_holdes + k.andre_fylker = 0 then 1 else 0 end as ferdig_vises,
        case when k.nivaa = 'landet' and s.aapne_holdes + k.andre_fylker = 0 then 1 else 0 end as aapne_vises
    from korn as k
    inner join smaa as s
        on
            k.nivaa = s.nivaa
            and k.periode = s.periode
    left join smaa as r
        on
            k.periode = r.periode
            and r.nivaa = 'regioner'
            and k.nivaa <> 'landet'
    where
        k.omraade <> '99'
        and (k.nivaa = 'landet' or k.maalgruppe in ('odontofobi', 'overgrep'))
)

select
    maalgruppe,
    omraade,
    periode,
    case when med_vises = 1 then vurderte_med end as vurderte_med,
    case when vises = 1 then vurderte end as vurderte,
    case when vises = 1 then cast(vurderte_med as double) / nullif(vurderte, 0) end as andel_vurderte_med,
    case when ferdig_vises = 1 then ferdigbehandlet_med end as ferdigbehandlet_med,
    case when aapne_vises = 1 then aapne_med end as aapne_med,
    n_fylker,
    forelopig,
    case when vises = 1 then status else 'skjult' end as status
from aapnet
order by maalgruppe, omraade, periode
