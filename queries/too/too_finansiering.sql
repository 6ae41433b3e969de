/*---
title = "Tilskudd og rettighet i TOO, ved siden av hverandre, per område og periode"
audience = "fylke"
grain = ["finansiering", "omraade", "periodetype", "periode"]
mappe = "fylkesnr"
versjon = 1
[columns.fylkesnr]
mangler = "raden gjelder en region, et tidligere fylke eller ukjent fylke og ligger ikke i noen mappe"
[columns.henviste]
unit = "forløp henvist i perioden"
[columns.ventende]
unit = "forløp som ventet på vurdering ved periodens slutt"
[columns.avviklet]
unit = "forløp som kom til tannbehandling i perioden"
[columns.median]
unit = "dager fra henvisning til tannbehandling, pauser med"
mangler = "ingen forløp"
[columns.ferdigbehandlet]
unit = "forløp ferdigbehandlet i perioden"
[columns.n_fylker]
unit = "fylker"
mangler = "raden gjelder ett fylke"
[columns.forelopig]
unit = "0 nei, 1 ja"
[[sjekk]]
navn = "fylkene_er_landet"
sql = "select 1 as funn from too_finansiering group by finansiering, periodetype, periode having sum(case when length(omraade) = 2 then henviste when omraade = 'landet' then -henviste else 0 end) <> 0 or sum(case when length(omraade) = 2 then ventende when omraade = 'landet' then -ventende else 0 end) <> 0 or sum(case when length(omraade) = 2 then avviklet when omraade = 'landet' then -avviklet else 0 end) <> 0 or sum(case when length(omraade) = 2 then ferdigbehandlet when omraade = 'landet' then -ferdigbehandlet else 0 end) <> 0"
melding = "the counties with 99 do not sum to the nation (C2)"
[[avstemming]]
navn = "tilskudd_henvist_som_i_henvisning"
sql = "select 1 as funn from too_finansiering as f inner join too_henvisning as h on f.omraade = h.omraade and f.periodetype = h.periodetype and f.periode = h.periode where f.finansiering = 'tilskudd' and f.henviste <> h.henviste"
melding = "referrals paid by the grant differ from those of too_henvisning"
[[avstemming]]
navn = "tilskudd_venter_som_i_ventetid"
sql = "select f.periodetype from too_finansiering as f inner join too_ventetid as v on f.omraade = v.omraade and f.periodetype = v.periodetype and f.periode = v.periode where f.finansiering = 'tilskudd' and v.pauser = 'med' and ((v.steg = 'm0_m1' and v.populasjon = 'ventende' and f.ventende <> v.n) or (v.steg = 'm0_m4' and v.populasjon = 'avviklet' and (f.avviklet <> v.n or f.median is distinct from v.median)))"
viser = "periodetype"
melding = "waits paid by the grant differ from those of too_ventetid"
[[avstemming]]
navn = "tilskudd_ferdig_som_i_dekning"
sql = "select 1 as funn from too_finansiering as f inner join too_dekning as d on f.omraade = d.omraade and f.periodetype = d.periodetype and f.periode = d.periode where f.finansiering = 'tilskudd' and f.ferdigbehandlet <> d.ferdigbehandlet"
melding = "completed courses paid by the grant differ from those of too_dekning"
---*/
-- C5 and A3: percentile 50 of n is the value of rank (50·n + 99) / 100.
with nummerert as (
    select
        o.periodetype,
        o.periode,
        o.omraade,
        p.finansiering,
        p.maal,
        p.dager,
        row_number() over (
            partition by o.periodetype, o.periode, o.omraade, p.finansiering, p.maal order by p.dager
        ) as nr,
        count(*) over (partition by o.periodetype, o.periode, o.omraade, p.finansiering, p.maal) as n
    from too_finansiering_periode as p
    inner join too_omraade as o
        on
            p.periodetype = o.periodetype
            and p.periode = o.periode
            and p.fylkesnr = o.fylkesnr
),

tall as (
    select
        periodetype,
        periode,
        omraade,
        finansiering,
        sum(case when maal = 'henvist' then 1 else 0 end) as henviste,
        sum(case when maal = 'ventende' then 1 else 0 end) as ventende,
        sum(case when maal = 'avviklet' then 1 else 0 end) as avviklet,
        max(case when maal = 'avviklet' and nr = (50 * n + 99) / 100 then cast(dager as bigint) end) as median,
        sum(case when maal = 'ferdigbehandlet' then 1 else 0 end) as ferdigbehandlet
    from nummerert
    group by periodetype, periode, omraade, finansiering
),

finansieringer as (
    select unnest(make_array('rettighet', 'tilskudd')) as finansiering
)

select
    r.mappe as fylkesnr,
    g.finansiering,
    r.omraade,
    r.periodetype,
    r.periode,
    coalesce(t.henviste, 0) as henviste,
    coalesce(t.ventende, 0) as ventende,
    coalesce(t.avviklet, 0) as avviklet,
    t.median,
    coalesce(t.ferdigbehandlet, 0) as ferdigbehandlet,
    r.n_fylker,
    r.forelopig,
    'vist' as status
from finansieringer as g
cross join too_rad as r
left join tall as t
    on
        g.finansiering = t.finansiering
        and r.omraade = t.omraade
        and r.periodetype = t.periodetype
        and r.periode = t.periode
order by g.finansiering, r.omraade, r.periodetype, r.periode
