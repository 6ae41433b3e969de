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
-- The nation by year and tertial, the counties by year (D2); narkose for the nation alone. A share is hidden where those
-- within the goal, or the others, are few (D1). What hidden counties and 99 have together is the nation less the shown
-- ones: so at least two are hidden, the smallest of the others with them, until neither part of that sum is small. How many
-- began to wait is rounded down to tens, and limits are the nation's alone: they would give the number back (D3).
with vurdert as (
    select
        steg,
        omraade,
        periodetype,
        periode,
        n,
        maal,
        naadd_innen_maal as innen,
        n - naadd_innen_maal as over,
        innen_maal,
        nedre,
        ovre,
        median,
        n_fylker,
        forelopig,
        case
            when n < $minste_antall then 1
            when naadd_innen_maal > 0 and naadd_innen_maal < $minste_antall then 1
            when n > naadd_innen_maal and n - naadd_innen_maal < $minste_antall then 1
            when omraade = '99' then 1
            else 0
        end as smaa
    from too_maaloppnaaelse
),

-- The counties of a year in the order in which they are hidden, and what is hidden up to each.
rekke as (
    select
        steg,
        omraade,
        periode,
        sum(smaa) over aaret as n_smaa,
        row_number() over hittil as plass,
        sum(coalesce(innen, 0)) over hittil as innen,
        sum(coalesce(over, n)) over hittil as over
    from vurdert
    where
        periodetype = 'aar'
        and omraade <> 'landet'
    window
        aaret as (partition by steg, periode),
        hittil as (
            partition by steg, periode order by smaa desc, n, omraade rows between unbounded preceding and current row
        )
),

trygge as (
    select
        steg,
        periode,
        max(n_smaa) as n_smaa,
        min(
            case
                when plass >= n_smaa and plass >= 2 and (innen = 0 or innen >= $minste_antall) and over >= $minste_antall
                    then plass
            end
        ) as til_plass
    from rekke
    group by steg, periode
),

skjulte as (
    select
        r.steg,
        r.omraade,
        r.periode,
        case
            when t.n_smaa = 0 then 0
            when r.plass <= coalesce(t.til_plass, r.plass) then 1
            else 0
        end as skjult
    from rekke as r
    inner join trygge as t
        on
            r.steg = t.steg
            and r.periode = t.periode
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
            when v.omraade = 'landet' then v.smaa
            else s.skjult
        end as skjult
    from vurdert as v
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
