/*---
title = "Målgrupper i TOO, per område og periode"
audience = "fylke"
grain = ["maalgruppe", "omraade", "periodetype", "periode"]
mappe = "fylkesnr"
versjon = 1
[columns.fylkesnr]
mangler = "raden gjelder en region, et tidligere fylke eller ukjent fylke og ligger ikke i noen mappe"
[columns.vurderte_med]
unit = "forløp vurdert første gang i perioden"
[columns.vurderte]
unit = "forløp vurdert første gang i perioden, i alle målgrupper"
[columns.andel_vurderte_med]
unit = "andel"
between = [0, 1]
avledet_av = ["vurderte_med", "vurderte"]
mangler = "ingen er vurdert"
[columns.ferdigbehandlet_med]
unit = "vurderte forløp ferdigbehandlet i perioden"
[columns.aapne_med]
unit = "vurderte forløp som er åpne ved periodens slutt"
[columns.n_fylker]
unit = "fylker"
mangler = "raden gjelder ett fylke"
[columns.forelopig]
unit = "0 nei, 1 ja"
[[sjekk]]
navn = "fylkene_er_landet"
sql = "select 1 as funn from too_maalgruppe group by maalgruppe, periodetype, periode having sum(case when length(omraade) = 2 then vurderte_med when omraade = 'landet' then -vurderte_med else 0 end) <> 0 or sum(case when length(omraade) = 2 then vurderte when omraade = 'landet' then -vurderte else 0 end) <> 0 or sum(case when length(omraade) = 2 then ferdigbehandlet_med when omraade = 'landet' then -ferdigbehandlet_med else 0 end) <> 0 or sum(case when length(omraade) = 2 then aapne_med when omraade = 'landet' then -aapne_med else 0 end) <> 0"
melding = "the counties with 99 do not sum to the nation (C2)"
---*/
-- C10: the set on the last assessment; a course with two target groups counts in both, so the groups do not add up. Who is
-- not assessed has no target group and is not here.
with grupper as (
    select
        kode as maalgruppe,
        bit
    from (
        values
        ('ikke_oppgitt', 0),
        ('odontofobi', 4),
        ('overgrep', 2),
        ('tortur', 1)
    ) as koder (kode, bit)
),

hendelser as (
    select
        g.maalgruppe,
        b.omraade,
        b.periodetype,
        b.periode,
        sum(case when b.maal = 'vurdert' then b.antall else 0 end) as vurderte_med,
        sum(case when b.maal = 'slutt' and b.kode = 1 then b.antall else 0 end) as ferdigbehandlet_med
    from too_bevegelse_omraade as b
    inner join grupper as g
        on b.gruppe & g.bit <> 0 or (b.gruppe = 0 and g.bit = 0)
    where
        b.maal in ('vurdert', 'slutt')
        and b.gruppe >= 0
    group by g.maalgruppe, b.omraade, b.periodetype, b.periode
),

vurderte as (
    select
        omraade,
        periodetype,
        periode,
        sum(antall) as vurderte
    from too_bevegelse_omraade
    where maal = 'vurdert'
    group by omraade, periodetype, periode
),

aapne as (
    select
        g.maalgruppe,
        b.omraade,
        b.periodetype,
        b.periode,
        sum(b.antall) as aapne_med
    from too_bestand_omraade as b
    inner join grupper as g
        on b.gruppe & g.bit <> 0 or (b.gruppe = 0 and g.bit = 0)
    where b.gruppe >= 0
    group by g.maalgruppe, b.omraade, b.periodetype, b.periode
)

select
    r.mappe as fylkesnr,
    g.maalgruppe,
    r.omraade,
    r.periodetype,
    r.periode,
    coalesce(h.vurderte_med, 0) as vurderte_med,
    coalesce(v.vurderte, 0) as vurderte,
    cast(coalesce(h.vurderte_med, 0) as double) / v.vurderte as andel_vurderte_med,
    coalesce(h.ferdigbehandlet_med, 0) as ferdigbehandlet_med,
    coalesce(a.aapne_med, 0) as aapne_med,
    r.n_fylker,
    r.forelopig,
    case when v.vurderte > 0 then 'vist' else 'mangler' end as status
from too_rad as r
cross join grupper as g
left join hendelser as h
    on
        g.maalgruppe = h.maalgruppe
        and r.omraade = h.omraade
        and r.periodetype = h.periodetype
        and r.periode = h.periode
left join vurderte as v
    on
        r.omraade = v.omraade
        and r.periodetype = v.periodetype
        and r.periode = v.periode
left join aapne as a
    on
        g.maalgruppe = a.maalgruppe
        and r.omraade = a.omraade
        and r.periodetype = a.periodetype
        and r.periode = a.periode
order by g.maalgruppe, r.omraade, r.periodetype, r.periode
