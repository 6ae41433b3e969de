/*---
title = "De som venter på vurdering i TOO: hvem som har fått vurdert behovet, og når noen sist var i kontakt"
audience = "fylke"
grain = ["omraade", "periode"]
mappe = "fylkesnr"
versjon = 1
[columns.fylkesnr]
mangler = "raden gjelder et tidligere fylke eller ukjent fylke og ligger ikke i noen mappe"
[columns.n]
unit = "forløp"
[columns.behov_vurdert]
unit = "forløp"
[columns.behov_lite]
unit = "forløp"
[columns.behov_middels]
unit = "forløp"
[columns.behov_stort]
unit = "forløp"
[columns.behov_uoppgitt]
unit = "forløp"
[columns.kontaktet]
unit = "forløp"
[columns.kontakt_siste_12]
unit = "forløp"
[columns.kontakt_siste_26]
unit = "forløp"
[columns.kontakt_siste_52]
unit = "forløp"
[columns.andel_behov_vurdert]
unit = "andel"
between = [0, 1]
mangler = "ingen venter"
[columns.median_siden_kontakt]
unit = "dager"
mangler = "ingen er kontaktet"
[columns.n_fylker]
unit = "fylker"
mangler = "raden gjelder ett fylke"
[columns.forelopig]
unit = "0 nei, 1 ja"
[[avstemming]]
navn = "alle_paa_lista"
sql = "select o.omraade from too_venteliste_oppfolging as o inner join too_venteliste as l on o.omraade = l.omraade and o.periode = l.periode where l.steg = 'm0_m1' and l.periodetype = 'maaned' and l.utgaaende <> o.n"
melding = "those whose need and contact are told are not those on the list for assessment (C7, C10)"
---*/
-- C10: share of those who wait for an assessment at the month's end with behov_vurdert on or before that day, by need.
-- Contact within 12, 26 and 52 weeks; the median is that of those who were ever contacted (A3).
with per_omraade as (
    select
        o.omraade,
        s.periode,
        s.behov,
        s.dager_siden_kontakt,
        row_number() over (
            partition by o.omraade, s.periode
            order by coalesce(s.dager_siden_kontakt, 1000000), s.forlop_id, s.forlop_nr
        ) as plass,
        count(s.dager_siden_kontakt) over (partition by o.omraade, s.periode) as n_kontaktet
    from too_venteliste_status as s
    inner join too_omraade as o
        on
            s.periode = o.periode
            and s.fylkesnr = o.fylkesnr
            and o.periodetype = 'maaned'
    where o.omraade not like 'region_%'
),

talt as (
    select
        omraade,
        periode,
        count(*) as n,
        sum(case when behov > 0 then 1 else 0 end) as behov_vurdert,
        sum(case when behov = 1 then 1 else 0 end) as behov_lite,
        sum(case when behov = 2 then 1 else 0 end) as behov_middels,
        sum(case when behov = 3 then 1 else 0 end) as behov_stort,
        sum(case when behov = 4 then 1 else 0 end) as behov_uoppgitt,
        count(dager_siden_kontakt) as kontaktet,
        sum(case when dager_siden_kontakt <= 84 then 1 else 0 end) as kontakt_siste_12,
        sum(case when dager_siden_kontakt <= 182 then 1 else 0 end) as kontakt_siste_26,
        sum(case when dager_siden_kontakt <= 364 then 1 else 0 end) as kontakt_siste_52,
        min(case when plass = (50 * n_kontaktet + 99) / 100 then dager_siden_kontakt end) as median_siden_kontakt
    from per_omraade
    group by omraade, periode
),

fylker as (
    select
        periode,
        omraade,
        sum(case when fylkesnr = 99 then 0 else 1 end) as n_fylker
    from too_omraade
    where
        periodetype = 'maaned'
        and omraade not like 'region_%'
    group by periode, omraade
),

dagens_fylker as (
    select lpad(cast(fylkesnr as varchar), 2, '0') as fylkesnr
    from fylke
    where struktur = 2024
)

select
    case when f.omraade = 'landet' then 'alle' else d.fylkesnr end as fylkesnr,
    f.omraade,
    f.periode,
    coalesce(t.n, 0) as n,
    coalesce(t.behov_vurdert, 0) as behov_vurdert,
    coalesce(t.behov_lite, 0) as behov_lite,
    coalesce(t.behov_middels, 0) as behov_middels,
    coalesce(t.behov_stort, 0) as behov_stort,
    coalesce(t.behov_uoppgitt, 0) as behov_uoppgitt,
    coalesce(t.kontaktet, 0) as kontaktet,
    coalesce(t.kontakt_siste_12, 0) as kontakt_siste_12,
    coalesce(t.kontakt_siste_26, 0) as kontakt_siste_26,
    coalesce(t.kontakt_siste_52, 0) as kontakt_siste_52,
    cast(t.behov_vurdert as double) / nullif(t.n, 0) as andel_behov_vurdert,
    t.median_siden_kontakt,
    case when f.omraade = 'landet' then f.n_fylker end as n_fylker,
    p.forelopig,
    case when t.n > 0 then 'vist' else 'mangler' end as status
from fylker as f
inner join too_periode as p
    on
        f.periode = p.periode
        and p.periodetype = 'maaned'
left join talt as t
    on
        f.omraade = t.omraade
        and f.periode = t.periode
left join dagens_fylker as d on f.omraade = d.fylkesnr
order by f.omraade, f.periode
