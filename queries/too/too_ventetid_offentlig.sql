/*---
title = "Ventetider i TOO, åpne tall"
audience = "offentlig"
grain = ["steg", "omraade", "periodetype", "periode", "populasjon", "pauser"]
dimensjoner = ["steg", "omraade", "periodetype", "periode", "populasjon", "pauser", "n_fylker", "forelopig"]
versjon = 4
[columns.n]
unit = "forløp"
grunnlag = true
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.gjennomsnitt]
unit = "dager, avrundet til hele uker"
desimaler = 0
mangler = "for få forløp, eller raden gjelder ett fylke"
[columns.median]
unit = "dager, avrundet til hele uker"
desimaler = 0
mangler = "for få forløp"
[columns.p80]
unit = "dager, avrundet til hele uker"
desimaler = 0
mangler = "for få forløp"
[columns.p90]
unit = "dager, avrundet til hele uker"
desimaler = 0
mangler = "for få forløp"
[columns.over_maal]
unit = "andel"
between = [0, 1]
mangler = "for få forløp, eller steget har ikke noe måltall"
[columns.over_8]
unit = "forløp"
mangler = "telles bare for dem som venter, eller kan regnes ut fra andre celler"
[columns.over_26]
unit = "forløp"
mangler = "telles bare for dem som venter, eller kan regnes ut fra andre celler"
[columns.over_52]
unit = "forløp"
mangler = "telles bare for dem som venter, eller kan regnes ut fra andre celler"
[columns.over_104]
unit = "forløp"
mangler = "telles bare for dem som venter, eller kan regnes ut fra andre celler"
[columns.over_208]
unit = "forløp"
mangler = "telles bare for dem som venter, eller kan regnes ut fra andre celler"
[columns.n_fylker]
unit = "fylker"
dekning = true
mangler = "raden gjelder ett fylke"
[columns.forelopig]
unit = "0 nei, 1 ja"
---*/
-- D2: the nation by month, regions by tertial, counties by tertial, year and rolling year at tertial ends. Cells that
-- others could give back are not published yet: where one cell of a level (the counties of a region, the regions, the
-- nation) is small, the whole level's measure is held back, for those whose wait ended in all periods of the year, for
-- those who wait on that day. A count is small also when it leaves little of any count before it: the difference is
-- who waited between the two limits, or, of the counts without pauses after those with, who is over a limit for a
-- pause. Courses of an unknown county (99) have no row, but are what the nation has more than its regions: where they
-- are few, the nation is held back. Rolling years of ended waits overlap two years and are held back altogether. A
-- month of the nation is not shown where other counties count in it than in its tertial: its months less its regions
-- would be the figures of the county that came or went. How many were referred in a year is public: with those who wait
-- before and after it, those who were assessed, or came to treatment, leave those who left the list otherwise. Where they
-- are 1 to 4, those whose wait ended in the year are held back (too_rest). Narkose is rare: half of the counties' tertials would have a small
-- count, so it is published for the nation alone. A4: public waits are rounded to whole weeks, half away from
-- zero.
with koder as (
    select
        lpad(cast(fylkesnr as varchar), 2, '0') as omraade,
        max(region) as region
    from fylke
    group by lpad(cast(fylkesnr as varchar), 2, '0')
),

sett as (
    select
        periodetype,
        periode,
        case
            when periodetype = 'tertial' then periode
            else concat(substr(periode, 1, 4), '-T', cast((cast(substr(periode, 6, 2) as int) + 3) / 4 as varchar))
        end as tertial,
        concat(
            cast(count(*) as varchar), ' ', cast(sum(fylkesnr) as varchar), ' ',
            cast(sum(fylkesnr * fylkesnr) as varchar)
        ) as fylker
    from too_omraade
    where
        omraade = 'landet'
        and periodetype in ('maaned', 'tertial')
    group by periodetype, periode
),

-- While a tertial is not over, its last month stands for it: 'maaned' sorts before 'tertial'.
maaneder as (
    select
        periodetype,
        periode,
        case
            when fylker = last_value(fylker) over (
                partition by tertial
                order by periodetype, periode
                rows between unbounded preceding and unbounded following
            ) then 0
            else 1
        end as andre_fylker
    from sett
),

korn as (
    select
        v.steg,
        v.omraade,
        v.periodetype,
        v.periode,
        v.populasjon,
        v.pauser,
        v.n,
        v.gjennomsnitt,
        v.median,
        v.p80,
        v.p90,
        v.over_maal,
        cast(round(v.over_maal * v.n) as bigint) as n_over_maal,
        v.over_8,
        v.over_26,
        v.over_52,
        v.over_104,
        v.over_208,
        v.n_fylker,
        v.forelopig,
        v.status,
        case when v.omraade = 'landet' and v.populasjon = 'avviklet' then coalesce(m.andre_fylker, 0) else 0 end
            as andre_fylker,
        case
            when v.omraade in ('landet', '99') then 'landet'
            when v.omraade like 'region_%' then 'regioner'
            else k.region
        end as nivaa,
        case
            when v.populasjon = 'avviklet' then substr(v.periode, 1, 4)
            else cast(p.til_dato as varchar)
        end as sammenheng
    from too_ventetid as v
    inner join too_periode as p
        on
            v.periodetype = p.periodetype
            and v.periode = p.periode
    left join koder as k on v.omraade = k.omraade
    left join maaneder as m
        on
            v.periodetype = m.periodetype
            and v.periode = m.periode
    where
        (v.omraade = 'landet' and v.periodetype = 'maaned')
        or (
            v.steg <> 'narkose'
            and (
                (v.omraade = '99' and v.periodetype = 'tertial')
                or (v.omraade like 'region_%' and v.periodetype = 'tertial')
                or (k.omraade is not null and v.periodetype in ('tertial', 'aar'))
                or (
                    k.omraade is not null
                    and v.periodetype = 'rullerende12'
                    and v.populasjon = 'ventende'
                    and substr(v.periode, 6, 2) in ('04', '08', '12')
                )
            )
        )
),

-- Each count of a row, in the order in which one holds the next: all who waited, those over the goal, over 8 weeks, and
-- so on. With pauses at least as many are over a limit as without.
talt as (
    select
        steg,
        populasjon,
        pauser,
        nivaa,
        sammenheng,
        omraade,
        periodetype,
        periode,
        unnest(make_array(0, 1, 2, 3, 4, 5, 6)) as nr,
        unnest(make_array(n, n_over_maal, over_8, over_26, over_52, over_104, over_208)) as antall
    from korn
),

smaa_rader as (
    select
        t.steg,
        t.populasjon,
        t.pauser,
        t.nivaa,
        t.sammenheng,
        t.nr,
        max(
            case
                when t.antall > 0 and t.antall < $minste_antall then 1
                when f.antall - t.antall > 0 and f.antall - t.antall < $minste_antall then 1
                else 0
            end
        ) as holdes
    from talt as t
    left join talt as f
        on
            t.steg = f.steg
            and t.omraade = f.omraade
            and t.periodetype = f.periodetype
            and t.periode = f.periode
            and t.populasjon = f.populasjon
            and t.pauser >= f.pauser
            and t.nr >= f.nr
    group by t.steg, t.populasjon, t.pauser, t.nivaa, t.sammenheng, t.nr
    union all
    select
        r.steg,
        'avviklet' as populasjon,
        unnest(make_array('med', 'uten')) as pauser,
        a.nivaa,
        r.periode as sammenheng,
        0 as nr,
        case when r.andre_ut <> 0 and abs(r.andre_ut) < $minste_antall then 1 else 0 end as holdes
    from too_rest as r
    inner join too_rad as a
        on
            r.omraade = a.omraade
            and r.periodetype = a.periodetype
            and r.periode = a.periode
    where
        r.steg in ('m0_m1', 'm0_m4')
        and r.periodetype = 'aar'
        and r.omraade <> '99'
),

smaa as (
    select
        steg,
        populasjon,
        pauser,
        nivaa,
        sammenheng,
        nr,
        max(holdes) as holdes
    from smaa_rader
    group by steg, populasjon, pauser, nivaa, sammenheng, nr
),

-- What is held back for the regions is held back for all counties too: they add up to them.
holdes as (
    select
        s.steg,
        s.populasjon,
        s.pauser,
        s.nivaa,
        s.sammenheng,
        max(case when s.nr = 0 then greatest(s.holdes, coalesce(r.holdes, 0)) end) as n_holdes,
        max(case when s.nr = 1 then greatest(s.holdes, coalesce(r.holdes, 0)) end) as over_maal_holdes,
        max(case when s.nr = 2 then greatest(s.holdes, coalesce(r.holdes, 0)) end) as over_8_holdes,
        max(case when s.nr = 3 then greatest(s.holdes, coalesce(r.holdes, 0)) end) as over_26_holdes,
        max(case when s.nr = 4 then greatest(s.holdes, coalesce(r.holdes, 0)) end) as over_52_holdes,
        max(case when s.nr = 5 then greatest(s.holdes, coalesce(r.holdes, 0)) end) as over_104_holdes,
        max(case when s.nr = 6 then greatest(s.holdes, coalesce(r.holdes, 0)) end) as over_208_holdes
    from smaa as s
    left join smaa as r
        on
            s.steg = r.steg
            and s.populasjon = r.populasjon
            and s.pauser = r.pauser
            and s.sammenheng = r.sammenheng
            and s.nr = r.nr
            and r.nivaa = 'regioner'
            and s.nivaa <> 'landet'
    group by s.steg, s.populasjon, s.pauser, s.nivaa, s.sammenheng
),

aapne as (
    select
        k.steg,
        k.omraade,
        k.periodetype,
        k.periode,
        k.populasjon,
        k.pauser,
        k.nivaa,
        k.n,
        k.gjennomsnitt,
        k.median,
        k.p80,
        k.p90,
        k.over_maal,
        k.over_8,
        k.over_26,
        k.over_52,
        k.over_104,
        k.over_208,
        k.n_fylker,
        k.forelopig,
        k.status,
        case when s.n_holdes + k.andre_fylker = 0 then 1 else 0 end as aapen,
        s.over_maal_holdes,
        s.over_8_holdes,
        s.over_26_holdes,
        s.over_52_holdes,
        s.over_104_holdes,
        s.over_208_holdes
    from korn as k
    inner join holdes as s
        on
            k.steg = s.steg
            and k.populasjon = s.populasjon
            and k.pauser = s.pauser
            and k.nivaa = s.nivaa
            and k.sammenheng = s.sammenheng
    where k.omraade <> '99'
)

select
    steg,
    omraade,
    periodetype,
    periode,
    populasjon,
    pauser,
    case when aapen = 1 then n end as n,
    case
        when aapen = 1 and nivaa in ('landet', 'regioner') and n >= $minste_n_gjennomsnitt
            then 7 * round(gjennomsnitt / 7)
    end as gjennomsnitt,
    case when aapen = 1 and n >= $minste_n_median then cast((2 * median + 7) / 14 * 7 as double) end as median,
    case when aapen = 1 and n >= $minste_n_p80 then cast((2 * p80 + 7) / 14 * 7 as double) end as p80,
    case when aapen = 1 and n >= $minste_n_p90 then cast((2 * p90 + 7) / 14 * 7 as double) end as p90,
    case when aapen = 1 and over_maal_holdes = 0 and n >= $minste_antall then over_maal end as over_maal,
    case when aapen = 1 and over_8_holdes = 0 then over_8 end as over_8,
    case when aapen = 1 and over_26_holdes = 0 then over_26 end as over_26,
    case when aapen = 1 and over_52_holdes = 0 then over_52 end as over_52,
    case when aapen = 1 and over_104_holdes = 0 then over_104 end as over_104,
    case when aapen = 1 and over_208_holdes = 0 then over_208 end as over_208,
    n_fylker,
    forelopig,
    case when aapen = 1 then status else 'skjult' end as status
from aapne
order by steg, omraade, periodetype, periode, populasjon, pauser
