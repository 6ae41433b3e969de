/*---
title = "Narkose i TOO: behov, gjort og ventende, per fase, område og periode"
audience = "fylke"
grain = ["fase", "omraade", "periodetype", "periode"]
mappe = "fylkesnr"
versjon = 1
[columns.fylkesnr]
mangler = "raden gjelder en region, et tidligere fylke eller ukjent fylke og ligger ikke i noen mappe"
[columns.narkose_behov]
unit = "behov som oppsto"
[columns.narkose_gjort]
unit = "narkoser"
[columns.narkose_uten_behov]
unit = "narkoser der intet behov var meldt"
[columns.narkose_foer_team]
unit = "narkoser før angstbehandlingen begynte"
[columns.narkose_bortfalt]
unit = "behov som falt bort da forløpet endte"
[columns.narkose_aapne]
unit = "behov som ikke er dekket ved periodens slutt"
[columns.n_fylker]
unit = "fylker"
mangler = "raden gjelder ett fylke"
[columns.forelopig]
unit = "0 nei, 1 ja"
[[sjekk]]
navn = "fylkene_er_landet"
sql = "select 1 as funn from too_narkose group by fase, periodetype, periode having sum(case when length(omraade) = 2 then narkose_behov when omraade = 'landet' then -narkose_behov else 0 end) <> 0 or sum(case when length(omraade) = 2 then narkose_gjort when omraade = 'landet' then -narkose_gjort else 0 end) <> 0 or sum(case when length(omraade) = 2 then narkose_uten_behov when omraade = 'landet' then -narkose_uten_behov else 0 end) <> 0 or sum(case when length(omraade) = 2 then narkose_foer_team when omraade = 'landet' then -narkose_foer_team else 0 end) <> 0 or sum(case when length(omraade) = 2 then narkose_bortfalt when omraade = 'landet' then -narkose_bortfalt else 0 end) <> 0 or sum(case when length(omraade) = 2 then narkose_aapne when omraade = 'landet' then -narkose_aapne else 0 end) <> 0"
melding = "the counties with 99 do not sum to the nation (C2)"
[[sjekk]]
navn = "fasene_er_alle"
sql = "select 1 as funn from too_narkose group by omraade, periodetype, periode having sum(case when fase = 'alle' then -narkose_behov else narkose_behov end) <> 0 or sum(case when fase = 'alle' then -narkose_gjort else narkose_gjort end) <> 0 or sum(case when fase = 'alle' then -narkose_uten_behov else narkose_uten_behov end) <> 0 or sum(case when fase = 'alle' then -narkose_foer_team else narkose_foer_team end) <> 0 or sum(case when fase = 'alle' then -narkose_bortfalt else narkose_bortfalt end) <> 0 or sum(case when fase = 'alle' then -narkose_aapne else narkose_aapne end) <> 0"
melding = "the phases do not sum to all"
[[avstemming]]
navn = "behov_gaar_opp"
sql = "select 1 as funn from too_narkose as n inner join too_rad as r on n.omraade = r.omraade and n.periodetype = r.periodetype and n.periode = r.periode inner join too_rad as q on q.omraade = 'landet' and q.periodetype = 'maaned' and cast(q.til_dato as int) + 1 = cast(r.fra_dato as int) inner join too_narkose as f on f.fase = 'alle' and f.omraade = 'landet' and f.periodetype = 'maaned' and f.periode = q.periode where n.fase = 'alle' and n.omraade = 'landet' and n.periodetype = 'maaned' and r.n_fylker = (select count(*) from fylke where struktur = 2024) and q.n_fylker = r.n_fylker and f.narkose_aapne + n.narkose_behov - n.narkose_gjort + n.narkose_uten_behov - n.narkose_bortfalt <> n.narkose_aapne"
melding = "open needs for anaesthesia, with those that came less those that were met or fell away, are not the open needs a month later"
---*/
-- C10: a need opens, the next anaesthesia closes it, a need while one is open is none. The phase is the state on the day
-- of the need, of the anaesthesia, of the end; for open needs on the period's last day. Before the anxiety treatment =
-- before any team (acute). `narkose_gjort` holds those without a need told.
with hendelser as (
    select
        omraade,
        periodetype,
        periode,
        unnest(make_array(fase, 'alle')) as fase,
        case when maal = 'narkose_behov' then antall else 0 end as behov,
        case when maal in ('narkose_gjort', 'narkose_uten_behov') then antall else 0 end as gjort,
        case when maal = 'narkose_uten_behov' then antall else 0 end as uten_behov,
        case
            when maal in ('narkose_gjort', 'narkose_uten_behov') and fase in ('henvist', 'vurdert') then antall
            else 0
        end as foer_team,
        case when maal = 'slutt' and narkose_aapen = 1 then antall else 0 end as bortfalt
    from too_bevegelse_omraade
    where
        maal in ('narkose_behov', 'narkose_gjort', 'narkose_uten_behov')
        or (maal = 'slutt' and narkose_aapen = 1)
),

bevegelse as (
    select
        fase,
        omraade,
        periodetype,
        periode,
        sum(behov) as behov,
        sum(gjort) as gjort,
        sum(uten_behov) as uten_behov,
        sum(foer_team) as foer_team,
        sum(bortfalt) as bortfalt
    from hendelser
    group by fase, omraade, periodetype, periode
),

aapne_per_fase as (
    select
        omraade,
        periodetype,
        periode,
        antall,
        unnest(make_array(fase, 'alle')) as fase
    from too_bestand_omraade
    where narkose_aapen = 1
),

aapne as (
    select
        fase,
        omraade,
        periodetype,
        periode,
        sum(antall) as antall
    from aapne_per_fase
    group by fase, omraade, periodetype, periode
),

faser as (
    select unnest(make_array('alle', 'henvist', 'vurdert', 'team', 'etter_team', 'tannbehandling')) as fase
)

select
    r.mappe as fylkesnr,
    f.fase,
    r.omraade,
    r.periodetype,
    r.periode,
    coalesce(b.behov, 0) as narkose_behov,
    coalesce(b.gjort, 0) as narkose_gjort,
    coalesce(b.uten_behov, 0) as narkose_uten_behov,
    coalesce(b.foer_team, 0) as narkose_foer_team,
    coalesce(b.bortfalt, 0) as narkose_bortfalt,
    coalesce(a.antall, 0) as narkose_aapne,
    r.n_fylker,
    r.forelopig,
    'vist' as status
from too_rad as r
cross join faser as f
left join bevegelse as b
    on
        f.fase = b.fase
        and r.omraade = b.omraade
        and r.periodetype = b.periodetype
        and r.periode = b.periode
left join aapne as a
    on
        f.fase = a.fase
        and r.omraade = a.omraade
        and r.periodetype = a.periodetype
        and r.periode = a.periode
order by f.fase, r.omraade, r.periodetype, r.periode
