/*---
title = "Gjennomføring i TOO, åpne tall"
audience = "offentlig"
grain = ["omraade", "kohort"]
dimensjoner = ["omraade", "kohort", "n_fylker"]
versjon = 1
[columns.henviste]
unit = "forløp henvist i året"
grunnlag = true
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.naadd_m1]
unit = "forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.naadd_m2]
unit = "forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.naadd_m4]
unit = "forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.slutt_ferdigbehandlet]
unit = "forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.slutt_avbrutt]
unit = "forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.slutt_ikke_kvalifisert]
unit = "forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.slutt_ellers]
unit = "forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.aapne]
unit = "forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.slutt_avbrutt_pasient]
unit = "forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.slutt_avbrutt_team]
unit = "forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.slutt_ikke_kontakt]
unit = "forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.slutt_ikke_kvalifisert_vurdert]
unit = "forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.slutt_ikke_kvalifisert_papir]
unit = "forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.aapne_over_12_mnd]
unit = "forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.aapne_over_24_mnd]
unit = "forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.ferdig_begge]
unit = "ferdigbehandlede forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.tilbakesendt]
unit = "forløp sendt tilbake til team minst én gang"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.somlos]
unit = "forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.andel_naadd_m1]
unit = "andel"
between = [0, 1]
avledet_av = ["naadd_m1", "henviste"]
mangler = "ingen er henvist, eller en av de to er skjult"
[columns.andel_naadd_m4]
unit = "andel"
between = [0, 1]
avledet_av = ["naadd_m4", "henviste"]
mangler = "ingen er henvist, eller en av de to er skjult"
[columns.andel_ferdigbehandlet]
unit = "andel"
between = [0, 1]
avledet_av = ["slutt_ferdigbehandlet", "henviste"]
mangler = "ingen er henvist, eller en av de to er skjult"
[columns.n_fylker]
unit = "fylker"
dekning = true
mangler = "raden gjelder ett fylke"
---*/
-- D1 and D2, and cells that others would give back. What is held back is held for a level (the counties of a region, the
-- regions, the nation); what is held for the regions is held for all counties too: they add up to them. Milestones and ends
-- are held in all cohorts at once: summed over cohorts they are the counts of other tables by period, and one hidden cohort
-- among shown ones would follow from those. Ages, loops and seamless steps stand in no other table and go by cohort. Courses
-- of an unknown county (99) are what the nation has more than its regions. A year in whose tertials other counties count is
-- not shown for the nation or the region (too_rad).
--
-- A count is small when it, or what it leaves of a count that it is a part of, is 1 to 4. Completed, other ends and open add
-- up to all: the other ends stand only where completed and open do, and what is left for them is not small either. The finer
-- ways to end stand only where the coarser do. Death, moving and ends without a cause are one (`slutt_ellers`): each alone is
-- a handful of persons. Where all of the referred, or all whose course ended but not as completed, were not qualified
-- or broke off, or all of these in one way, it is known of each of them: a share of 100 per cent is held, too.
with siste_maaned as (
    select max(til_dato) as siste_dato
    from too_periode
    where periodetype = 'maaned'
),

korn as (
    select
        g.omraade,
        g.kohort,
        g.henviste,
        g.naadd_m1,
        g.naadd_m2,
        g.naadd_m4,
        g.slutt_ferdigbehandlet,
        g.slutt_avbrutt_pasient + g.slutt_avbrutt_team + g.slutt_ikke_kontakt as slutt_avbrutt,
        g.slutt_ikke_kvalifisert_vurdert + g.slutt_ikke_kvalifisert_papir as slutt_ikke_kvalifisert,
        g.slutt_flyttet + g.slutt_dod + g.slutt_uten_aarsak as slutt_ellers,
        g.naadd_m5 - g.slutt_ferdigbehandlet as andre_enn_ferdig,
        g.aapne,
        g.slutt_avbrutt_pasient,
        g.slutt_avbrutt_team,
        g.slutt_ikke_kontakt,
        g.slutt_ikke_kvalifisert_vurdert,
        g.slutt_ikke_kvalifisert_papir,
        g.aapne_over_12_mnd,
        g.aapne_over_24_mnd,
        g.ferdig_begge,
        g.tilbakesendt,
        g.somlos,
        g.n_fylker,
        g.status,
        r.andre_fylker,
        case
            when r.nivaa in ('landet', 'regioner') then 1
            when m.siste_dato >= r.til_dato + interval '24 months' then 1
            else 0
        end as moden,
        r.nivaa
    from too_gjennomforing as g
    inner join too_rad as r
        on
            g.omraade = r.omraade
            and g.kohort = r.periode
            and r.periodetype = 'aar'
    cross join siste_maaned as m
),

-- Each count with the counts that it is a part of; `blokk` is what is held together.
talt as (
    select
        nivaa,
        omraade,
        kohort,
        moden,
        unnest(
            make_array(
                'n', 'm1', 'm2', 'm2', 'm4', 'm4', 'm4',
                'ferdig', 'ferdig', 'aapne', 'aapne',
                'slutt', 'slutt', 'slutt', 'slutt', 'slutt', 'slutt',
                'slik', 'slik', 'slik', 'slik', 'slik',
                'tid', 'tid', 'tid', 'begge', 'tilbake', 'somlos'
            )
        ) as blokk,
        unnest(
            make_array(
                henviste, naadd_m1, naadd_m2, naadd_m2, naadd_m4, naadd_m4, naadd_m4,
                slutt_ferdigbehandlet, slutt_ferdigbehandlet, aapne, aapne,
                slutt_avbrutt, slutt_ikke_kvalifisert, slutt_ellers,
                slutt_avbrutt, slutt_ikke_kvalifisert, slutt_ellers,
                slutt_avbrutt_pasient, slutt_avbrutt_team, slutt_ikke_kontakt,
                slutt_ikke_kvalifisert_vurdert, slutt_ikke_kvalifisert_papir,
                aapne_over_12_mnd, aapne_over_24_mnd, aapne_over_24_mnd, ferdig_begge, tilbakesendt, somlos
            )
        ) as antall,
        unnest(
            make_array(
                henviste, henviste, henviste, naadd_m1, henviste, naadd_m1, naadd_m2,
                henviste, naadd_m4, henviste, case when moden = 1 then henviste - slutt_ferdigbehandlet else henviste end,
                henviste, henviste, henviste, andre_enn_ferdig, andre_enn_ferdig, andre_enn_ferdig,
                slutt_avbrutt, slutt_avbrutt, slutt_avbrutt,
                slutt_ikke_kvalifisert, slutt_ikke_kvalifisert,
                aapne, aapne, aapne_over_12_mnd, slutt_ferdigbehandlet, naadd_m4, naadd_m4
            )
        ) as av,
        unnest(range(1, 29)) as nr
    from korn
),

slaatt_sammen as (
    select
        nivaa,
        omraade,
        blokk,
        nr,
        antall,
        av,
        case
            when moden = 0 and blokk in ('ferdig', 'slutt', 'slik', 'begge') then 'unge'
            else kohort
        end as kohorter
    from talt
),

samlet as (
    select
        nivaa,
        kohorter,
        blokk,
        nr,
        sum(antall) as antall,
        sum(av) as av
    from slaatt_sammen
    group by nivaa, omraade, nr, kohorter, blokk
),

smaa as (
    select
        nivaa,
        kohorter,
        blokk,
        max(
            case
                when antall > 0 and antall < $minste_antall then 1
                when av - antall > 0 and av - antall < $minste_antall then 1
                -- 14 and 17 are `slutt_ellers`.
                when blokk in ('slutt', 'slik') and nr not in (14, 17) and antall > 0 and antall = av then 1
                else 0
            end
        ) as holdes
    from samlet
    group by nivaa, kohorter, blokk
),

bundet as (
    select
        nivaa,
        kohorter,
        blokk,
        case
            when blokk in ('tid', 'tilbake', 'somlos') then holdes
            else max(holdes) over (partition by nivaa, blokk)
        end as holdes
    from smaa
),

-- What is held back for the regions is held back for all counties too.
med_regioner as (
    select
        b.nivaa,
        b.kohorter as kohort,
        b.blokk,
        greatest(b.holdes, coalesce(r.holdes, 0)) as holdes
    from bundet as b
    left join bundet as r
        on
            b.blokk = r.blokk
            and b.kohorter = r.kohorter
            and r.nivaa = 'regioner'
            and b.nivaa <> 'landet'
),

per_nivaa as (
    select
        nivaa,
        kohort,
        max(case when blokk = 'n' then holdes end) as n_holdes,
        max(case when blokk = 'm1' then holdes end) as m1_holdes,
        max(case when blokk = 'm2' then holdes end) as m2_holdes,
        max(case when blokk = 'm4' then holdes end) as m4_holdes,
        max(case when blokk = 'ferdig' then holdes end) as ferdig_holdes,
        max(case when blokk = 'aapne' then holdes end) as aapne_holdes,
        max(case when blokk = 'slutt' then holdes end) as slutt_holdes,
        max(case when blokk = 'slik' then holdes end) as slik_holdes,
        max(case when blokk = 'tid' then holdes end) as tid_holdes,
        max(case when blokk = 'begge' then holdes end) as begge_holdes,
        max(case when blokk = 'tilbake' then holdes end) as tilbake_holdes,
        max(case when blokk = 'somlos' then holdes end) as somlos_holdes
    from med_regioner
    group by nivaa, kohort
),

aapnet as (
    select
        k.omraade,
        k.kohort,
        k.henviste,
        k.naadd_m1,
        k.naadd_m2,
        k.naadd_m4,
        k.slutt_ferdigbehandlet,
        k.slutt_avbrutt,
        k.slutt_ikke_kvalifisert,
        k.slutt_ellers,
        k.aapne,
        k.slutt_avbrutt_pasient,
        k.slutt_avbrutt_team,
        k.slutt_ikke_kontakt,
        k.slutt_ikke_kvalifisert_vurdert,
        k.slutt_ikke_kvalifisert_papir,
        k.aapne_over_12_mnd,
        k.aapne_over_24_mnd,
        k.ferdig_begge,
        k.tilbakesendt,
        k.somlos,
        k.n_fylker,
        k.status,
        k.moden,
        case when n.n_holdes + k.andre_fylker = 0 then 1 else 0 end as vises,
        n.m1_holdes,
        n.m2_holdes,
        n.m4_holdes,
        n.ferdig_holdes,
        n.aapne_holdes,
        greatest(n.ferdig_holdes, n.aapne_holdes, n.slutt_holdes) as slutt_holdes,
        greatest(n.ferdig_holdes, n.aapne_holdes, n.slutt_holdes, n.slik_holdes) as slik_holdes,
        greatest(n.aapne_holdes, n.tid_holdes) as tid_holdes,
        greatest(n.ferdig_holdes, n.begge_holdes) as begge_holdes,
        greatest(n.m4_holdes, n.tilbake_holdes) as tilbake_holdes,
        greatest(n.m4_holdes, n.somlos_holdes) as somlos_holdes
    from korn as k
    inner join per_nivaa as n
        on
            k.nivaa = n.nivaa
            and k.kohort = n.kohort
    where k.omraade <> '99'
)

select
    omraade,
    kohort,
    case when vises = 1 then henviste end as henviste,
    case when vises = 1 and m1_holdes = 0 then naadd_m1 end as naadd_m1,
    case when vises = 1 and m2_holdes = 0 then naadd_m2 end as naadd_m2,
    case when vises = 1 and m4_holdes = 0 then naadd_m4 end as naadd_m4,
    case when vises * moden = 1 and ferdig_holdes = 0 then slutt_ferdigbehandlet end as slutt_ferdigbehandlet,
    case when vises * moden = 1 and slutt_holdes = 0 then slutt_avbrutt end as slutt_avbrutt,
    case when vises * moden = 1 and slutt_holdes = 0 then slutt_ikke_kvalifisert end as slutt_ikke_kvalifisert,
    case when vises * moden = 1 and slutt_holdes = 0 then slutt_ellers end as slutt_ellers,
    case when vises = 1 and aapne_holdes = 0 then aapne end as aapne,
    case when vises * moden = 1 and slik_holdes = 0 then slutt_avbrutt_pasient end as slutt_avbrutt_pasient,
    case when vises * moden = 1 and slik_holdes = 0 then slutt_avbrutt_team end as slutt_avbrutt_team,
    case when vises * moden = 1 and slik_holdes = 0 then slutt_ikke_kontakt end as slutt_ikke_kontakt,
    case when vises * moden = 1 and slik_holdes = 0 then slutt_ikke_kvalifisert_vurdert end as slutt_ikke_kvalifisert_vurdert,
    case when vises * moden = 1 and slik_holdes = 0 then slutt_ikke_kvalifisert_papir end as slutt_ikke_kvalifisert_papir,
    case when vises = 1 and tid_holdes = 0 then aapne_over_12_mnd end as aapne_over_12_mnd,
    case when vises = 1 and tid_holdes = 0 then aapne_over_24_mnd end as aapne_over_24_mnd,
    case when vises * moden = 1 and begge_holdes = 0 then ferdig_begge end as ferdig_begge,
    case when vises = 1 and tilbake_holdes = 0 then tilbakesendt end as tilbakesendt,
    case when vises = 1 and somlos_holdes = 0 then somlos end as somlos,
    case when vises = 1 and m1_holdes = 0 then cast(naadd_m1 as double) / nullif(henviste, 0) end as andel_naadd_m1,
    case when vises = 1 and m4_holdes = 0 then cast(naadd_m4 as double) / nullif(henviste, 0) end as andel_naadd_m4,
    case
        when vises * moden = 1 and ferdig_holdes = 0 then cast(slutt_ferdigbehandlet as double) / nullif(henviste, 0)
    end as andel_ferdigbehandlet,
    n_fylker,
    case when vises = 1 then status else 'skjult' end as status
from aapnet
order by omraade, kohort
