/*---
title = "De som venter på vurdering i TOO, hele landet, åpne tall: vurdert behov og siste kontakt"
audience = "offentlig"
grain = ["omraade", "periode"]
dimensjoner = ["omraade", "periode", "n_fylker", "forelopig"]
versjon = 1
[columns.ventende]
unit = "forløp"
grunnlag = true
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.behov_vurdert]
unit = "forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.behov_lite]
unit = "forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.behov_middels]
unit = "forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.behov_stort]
unit = "forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.behov_uoppgitt]
unit = "forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.andel_behov_vurdert]
unit = "andel"
between = [0, 1]
avledet_av = ["behov_vurdert", "ventende"]
mangler = "ingen venter, eller tallene bak er skjult"
[columns.kontaktet]
unit = "forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.kontakt_siste_12]
unit = "forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.kontakt_siste_26]
unit = "forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.kontakt_siste_52]
unit = "forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.median_siden_kontakt]
unit = "dager, avrundet til hele uker"
desimaler = 0
mangler = "for få er kontaktet, eller tallene bak er skjult"
[columns.n_fylker]
unit = "fylker"
dekning = true
[columns.forelopig]
unit = "0 nei, 1 ja"
---*/
-- D2: the nation by month. How many wait is shown where too_ventetid_offentlig shows it. Needs add up to those who wait, and
-- so do the limits of contact: where one part is small, all parts are held back (D1).
with landet as (
    select
        o.omraade,
        o.periode,
        o.n,
        o.behov_vurdert,
        o.behov_lite,
        o.behov_middels,
        o.behov_stort,
        o.behov_uoppgitt,
        o.andel_behov_vurdert,
        o.kontaktet,
        o.kontakt_siste_12,
        o.kontakt_siste_26,
        o.kontakt_siste_52,
        o.median_siden_kontakt,
        o.n_fylker,
        o.forelopig,
        o.status,
        case when v.n is null then 0 else 1 end as aapen
    from too_venteliste_oppfolging as o
    inner join too_ventetid_offentlig as v
        on
            o.omraade = v.omraade
            and o.periode = v.periode
    where
        o.omraade = 'landet'
        and v.periodetype = 'maaned'
        and v.steg = 'm0_m1'
        and v.populasjon = 'ventende'
        and v.pauser = 'med'
),

deler as (
    select
        periode,
        1 as behov,
        unnest(make_array(
            n - behov_vurdert, behov_vurdert, behov_lite, behov_middels, behov_stort, behov_uoppgitt
        )) as antall
    from landet
    union all
    select
        periode,
        0 as behov,
        unnest(make_array(
            n - kontaktet, kontaktet, kontakt_siste_12, kontakt_siste_26, kontakt_siste_52,
            kontakt_siste_26 - kontakt_siste_12, kontakt_siste_52 - kontakt_siste_12, kontakt_siste_52 - kontakt_siste_26,
            kontaktet - kontakt_siste_12, kontaktet - kontakt_siste_26, kontaktet - kontakt_siste_52,
            n - kontakt_siste_12, n - kontakt_siste_26, n - kontakt_siste_52
        )) as antall
    from landet
),

smaa as (
    select
        periode,
        max(case when behov = 1 and antall > 0 and antall < $minste_antall then 1 else 0 end) as behov_holdes,
        max(case when behov = 0 and antall > 0 and antall < $minste_antall then 1 else 0 end) as kontakt_holdes
    from deler
    group by periode
),

vist as (
    select
        l.omraade,
        l.periode,
        l.n,
        l.behov_vurdert,
        l.behov_lite,
        l.behov_middels,
        l.behov_stort,
        l.behov_uoppgitt,
        l.andel_behov_vurdert,
        l.kontaktet,
        l.kontakt_siste_12,
        l.kontakt_siste_26,
        l.kontakt_siste_52,
        l.median_siden_kontakt,
        l.n_fylker,
        l.forelopig,
        l.status,
        l.aapen,
        l.aapen * (1 - s.behov_holdes) as behov_aapen,
        l.aapen * (1 - s.kontakt_holdes) as kontakt_aapen
    from landet as l
    inner join smaa as s on l.periode = s.periode
)

select
    omraade,
    periode,
    case when aapen = 1 then n end as ventende,
    case when behov_aapen = 1 then behov_vurdert end as behov_vurdert,
    case when behov_aapen = 1 then behov_lite end as behov_lite,
    case when behov_aapen = 1 then behov_middels end as behov_middels,
    case when behov_aapen = 1 then behov_stort end as behov_stort,
    case when behov_aapen = 1 then behov_uoppgitt end as behov_uoppgitt,
    case when behov_aapen = 1 then andel_behov_vurdert end as andel_behov_vurdert,
    case when kontakt_aapen = 1 then kontaktet end as kontaktet,
    case when kontakt_aapen = 1 then kontakt_siste_12 end as kontakt_siste_12,
    case when kontakt_aapen = 1 then kontakt_siste_26 end as kontakt_siste_26,
    case when kontakt_aapen = 1 then kontakt_siste_52 end as kontakt_siste_52,
    case
        when kontakt_aapen = 1 and kontaktet >= $minste_n_median
            then cast((2 * median_siden_kontakt + 7) / 14 * 7 as double)
    end as median_siden_kontakt,
    n_fylker,
    forelopig,
    case when aapen = 1 then status else 'skjult' end as status
from vist
order by omraade, periode
