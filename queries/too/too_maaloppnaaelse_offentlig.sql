/*---
title = "Andel innen målet og median ventetid for alle som begynte å vente, åpne tall"
audience = "offentlig"
grain = ["steg", "omraade", "periodetype", "periode"]
dimensjoner = ["steg", "omraade", "periodetype", "periode", "maal", "n_fylker", "forelopig"]
versjon = 1
kan_vaere_tom = "ingen hele år eller tertialer er levert ennå"
[columns.n_minst]
unit = "forløp, rundet ned til hele tiere"
grunnlag = true
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.maal]
unit = "uker"
mangler = "steget har ikke noe måltall"
[columns.innen_maal]
unit = "andel"
between = [0, 1]
mangler = "steget har ikke noe måltall, eller tallet er skjult"
[columns.nedre]
unit = "andel"
between = [0, 1]
mangler = "steget har ikke noe måltall, tallet er skjult, eller raden gjelder ett fylke"
[columns.ovre]
unit = "andel"
between = [0, 1]
mangler = "steget har ikke noe måltall, tallet er skjult, eller raden gjelder ett fylke"
[columns.median]
unit = "dager, avrundet til hele uker"
desimaler = 0
mangler = "ikke nådd, eller, der n_minst er under 10, for få forløp"
[columns.n_fylker]
unit = "fylker"
dekning = true
mangler = "raden gjelder ett fylke"
[columns.forelopig]
unit = "0 nei, 1 ja"
---*/
-- The nation by year and tertial, the counties by year (D2); narkose for the nation alone. A share is hidden where
-- those within the goal, or the others, are few (D1), and where those who came later are: how many of a year's referred
-- were assessed at all stands in too_gjennomforing_offentlig. The nation's share is a point of its curve (C9) and
-- stands where the curve shows that point. A year is the sum of its tertials: the nation's stands where all three do,
-- and the same counties count in them, but for the team and for anaesthesia, which have no tertials
-- (too_ventekurve_offentlig). Where it does not, two counties are hidden as well, or they would add up to it. The
-- nation's figures, and a county's for M1–M2 and M3–M4, tell how many began to wait: they are hidden where others that
-- follow from that are few (too_rest).
--
-- What hidden counties and 99 have together is the nation less the shown ones: so at least two are hidden, the smallest
-- of the others with them, until no part of that sum is small. How many began to wait in a region follows from other
-- tables (its referred; for m1_m2 those whose wait for M1 ended; nothing for m3_m4): a county with few of them is
-- hidden with the smallest of its own region, too.
--
-- All this holds against one who knows every shown row exactly. How many began to wait is rounded down to tens all the
-- same, and counties have no limits: they would give the number back (D3). The nation's limits would too, but stand
-- beside the same share in too_ventekurve_offentlig, and too_venteliste_offentlig counts by month who began to wait.
with vurdert as (
    select
        m.steg,
        m.omraade,
        m.periodetype,
        m.periode,
        m.n,
        m.maal,
        m.naadd_innen_maal as innen,
        m.n - m.naadd_innen_maal as over,
        g.naadd_m1 - m.naadd_innen_maal as sene,
        r.andre_ut,
        r.uten_ventetid,
        m.innen_maal,
        m.nedre,
        m.ovre,
        m.median,
        m.n_fylker,
        m.forelopig,
        case when m.n < $minste_antall and m.steg <> 'm3_m4' then 1 else 0 end as faa,
        case
            when m.n < $minste_antall then 1
            when m.naadd_innen_maal > 0 and m.naadd_innen_maal < $minste_antall then 1
            when m.n > m.naadd_innen_maal and m.n - m.naadd_innen_maal < $minste_antall then 1
            when g.naadd_m1 > m.naadd_innen_maal and g.naadd_m1 - m.naadd_innen_maal < $minste_antall then 1
            when m.omraade = 'landet' and m.maal > 0 and coalesce(k.status, 'skjult') <> 'vist' then 1
            when m.omraade = 'landet' and m.periodetype = 'tertial' and m.steg in ('m1_m2', 'narkose') then 1
            when (m.omraade = 'landet' or m.steg in ('m1_m2', 'm3_m4')) and r.smaa = 1 then 1
            when m.omraade = '99' then 1
            else 0
        end as smaa
    from too_maaloppnaaelse as m
    left join too_gjennomforing as g
        on
            m.omraade = g.omraade
            and m.periode = g.kohort
            and m.steg = 'm0_m1'
    left join too_ventekurve_offentlig as k
        on
            m.steg = k.steg
            and m.omraade = k.omraade
            and m.periodetype = k.periodetype
            and m.periode = k.periode
            and m.maal = k.uker
    left join too_rest as r
        on
            m.steg = r.steg
            and m.omraade = r.omraade
            and m.periodetype = r.periodetype
            and m.periode = r.periode
),

tertialene as (
    select
        steg,
        substr(periode, 1, 4) as aar,
        sum(1 - smaa) as n_viste,
        min(n_fylker) as fra_fylker,
        max(n_fylker) as til_fylker
    from vurdert
    where
        omraade = 'landet'
        and periodetype = 'tertial'
    group by steg, substr(periode, 1, 4)
),

landet as (
    select
        v.steg,
        v.periodetype,
        v.periode,
        case
            when v.periodetype = 'tertial' or v.steg in ('m1_m2', 'narkose') then v.smaa
            when t.n_viste = 3 and t.fra_fylker = v.n_fylker and t.til_fylker = v.n_fylker then v.smaa
            else 1
        end as skjult
    from vurdert as v
    left join tertialene as t
        on
            v.steg = t.steg
            and v.periode = t.aar
    where v.omraade = 'landet'
),

-- The counties of a year in the order in which they are hidden, and what is hidden up to each: in the nation, where its
-- own hidden row is a reason to begin, and by the number alone in the region.
rekke as (
    select
        v.steg,
        v.omraade,
        v.periode,
        r.nivaa,
        l.skjult + sum(v.smaa) over aaret as n_grunner,
        sum(v.smaa) over aaret as n_smaa,
        row_number() over hittil as plass,
        sum(coalesce(v.innen, 0)) over hittil as innen,
        sum(coalesce(v.over, v.n)) over hittil as over,
        sum(coalesce(v.sene, 0)) over hittil as sene,
        sum(case when v.steg in ('m1_m2', 'm3_m4') then coalesce(v.andre_ut, 0) else 0 end) over hittil as andre_ut,
        sum(coalesce(v.uten_ventetid, 0)) over hittil as uten_ventetid,
        sum(v.faa) over regionen as n_faa,
        row_number() over i_regionen as plass_i_regionen,
        sum(v.n) over i_regionen as n_i_regionen
    from vurdert as v
    inner join landet as l
        on
            v.steg = l.steg
            and v.periode = l.periode
    inner join too_rad as r
        on
            v.omraade = r.omraade
            and v.periodetype = r.periodetype
            and v.periode = r.periode
    where
        v.periodetype = 'aar'
        and v.omraade <> 'landet'
    window
        aaret as (partition by v.steg, v.periode),
        hittil as (
            partition by v.steg, v.periode
            order by v.smaa desc, v.n, v.omraade
            rows between unbounded preceding and current row
        ),
        regionen as (partition by v.steg, v.periode, r.nivaa),
        i_regionen as (
            partition by v.steg, v.periode, r.nivaa
            order by v.n, v.omraade
            rows between unbounded preceding and current row
        )
),

trygge as (
    select
        steg,
        periode,
        min(
            case
                when
                    plass >= n_smaa
                    and plass >= 2
                    and (innen = 0 or innen >= $minste_antall)
                    and over >= $minste_antall
                    and (sene = 0 or sene >= $minste_antall)
                    and (andre_ut = 0 or abs(andre_ut) >= $minste_antall)
                    and (uten_ventetid = 0 or abs(uten_ventetid) >= $minste_antall)
                    then plass
            end
        ) as til_plass
    from rekke
    group by steg, periode
),

trygge_i_regionen as (
    select
        steg,
        periode,
        nivaa,
        min(
            case
                when plass_i_regionen >= n_faa and plass_i_regionen >= 2 and n_i_regionen >= $minste_antall
                    then plass_i_regionen
            end
        ) as til_plass
    from rekke
    group by steg, periode, nivaa
),

skjulte as (
    select
        r.steg,
        r.omraade,
        r.periode,
        case
            when r.n_grunner > 0 and r.plass <= coalesce(t.til_plass, r.plass) then 1
            when r.n_faa > 0 and r.plass_i_regionen <= coalesce(i.til_plass, r.plass_i_regionen) then 1
            else 0
        end as skjult
    from rekke as r
    inner join trygge as t
        on
            r.steg = t.steg
            and r.periode = t.periode
    inner join trygge_i_regionen as i
        on
            r.steg = i.steg
            and r.periode = i.periode
            and r.nivaa = i.nivaa
),

merket as (
    select
        v.steg,
        v.omraade,
        v.periodetype,
        v.periode,
        v.n,
        v.maal,
        v.innen_maal,
        v.nedre,
        v.ovre,
        v.median,
        v.n_fylker,
        v.forelopig,
        case
            when v.omraade = 'landet' then l.skjult
            else s.skjult
        end as skjult
    from vurdert as v
    left join landet as l
        on
            v.steg = l.steg
            and v.periodetype = l.periodetype
            and v.periode = l.periode
    left join skjulte as s
        on
            v.steg = s.steg
            and v.omraade = s.omraade
            and v.periode = s.periode
            and v.periodetype = 'aar'
    where
        v.omraade <> '99'
        and (v.omraade = 'landet' or v.steg <> 'narkose')
)

select
    steg,
    omraade,
    periodetype,
    periode,
    case when skjult = 0 then n / 10 * 10 end as n_minst,
    maal,
    case when skjult = 0 then innen_maal end as innen_maal,
    case when skjult = 0 and omraade = 'landet' then nedre end as nedre,
    case when skjult = 0 and omraade = 'landet' then ovre end as ovre,
    case when skjult = 0 and n >= $minste_n_median then cast((2 * median + 7) / 14 * 7 as double) end as median,
    n_fylker,
    forelopig,
    case when skjult = 0 then 'vist' else 'skjult' end as status
from merket
order by steg, omraade, periodetype, periode
