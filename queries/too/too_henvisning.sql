/*---
title = "Hvem som henviser til TOO, per område og periode"
audience = "fylke"
grain = ["henvisningskilde", "omraade", "periodetype", "periode"]
mappe = "fylkesnr"
versjon = 1
[columns.fylkesnr]
mangler = "raden gjelder en region, et tidligere fylke eller ukjent fylke og ligger ikke i noen mappe"
[columns.henviste_fra]
unit = "forløp henvist i perioden"
[columns.henviste]
unit = "forløp henvist i perioden, fra alle kilder"
[columns.andel_henviste_fra]
unit = "andel"
between = [0, 1]
avledet_av = ["henviste_fra", "henviste"]
mangler = "ingen er henvist"
[columns.n_fylker]
unit = "fylker"
mangler = "raden gjelder ett fylke"
[columns.forelopig]
unit = "0 nei, 1 ja"
[[sjekk]]
navn = "fylkene_er_landet"
sql = "select 1 as funn from too_henvisning group by henvisningskilde, periodetype, periode having sum(case when length(omraade) = 2 then henviste_fra when omraade = 'landet' then -henviste_fra else 0 end) <> 0"
melding = "the counties with 99 do not sum to the nation (C2)"
[[sjekk]]
navn = "kildene_er_alle"
sql = "select 1 as funn from too_henvisning group by omraade, periodetype, periode having sum(henviste_fra) <> max(henviste) or min(henviste) <> max(henviste)"
melding = "the sources do not sum to all who were referred"
---*/
-- C3: the referral that begins a course; a second one while the course is open is none.
with kilder as (
    select
        kode as henvisningskilde,
        nummer
    from (
        values
        ('annet', 8),
        ('asyl_flyktning', 7),
        ('fastlege', 5),
        ('ikke_oppgitt', 0),
        ('parorende', 2),
        ('psykolog', 6),
        ('selv', 1),
        ('tannlege', 3),
        ('tannpleier', 4)
    ) as koder (kode, nummer)
),

fra_kilde as (
    select
        kode,
        omraade,
        periodetype,
        periode,
        sum(antall) as henviste_fra
    from too_bevegelse_omraade
    where maal = 'henvist'
    group by kode, omraade, periodetype, periode
),

alle as (
    select
        omraade,
        periodetype,
        periode,
        sum(antall) as henviste
    from too_bevegelse_omraade
    where maal = 'henvist'
    group by omraade, periodetype, periode
)

select
    r.mappe as fylkesnr,
    k.henvisningskilde,
    r.omraade,
    r.periodetype,
    r.periode,
    coalesce(f.henviste_fra, 0) as henviste_fra,
    coalesce(a.henviste, 0) as henviste,
    cast(coalesce(f.henviste_fra, 0) as double) / a.henviste as andel_henviste_fra,
    r.n_fylker,
    r.forelopig,
    case when a.henviste > 0 then 'vist' else 'mangler' end as status
from too_rad as r
cross join kilder as k
left join fra_kilde as f
    on
        k.nummer = f.kode
        and r.omraade = f.omraade
        and r.periodetype = f.periodetype
        and r.periode = f.periode
left join alle as a
    on
        r.omraade = a.omraade
        and r.periodetype = a.periodetype
        and r.periode = a.periode
order by k.henvisningskilde, r.omraade, r.periodetype, r.periode
