/*---
title = "Oppmøte til timer i TOO, per fase, område og periode"
audience = "fylke"
grain = ["fase", "omraade", "periodetype", "periode"]
mappe = "fylkesnr"
versjon = 1
[columns.fylkesnr]
mangler = "raden gjelder en region, et tidligere fylke eller ukjent fylke og ligger ikke i noen mappe"
[columns.mott]
unit = "timer"
[columns.ikke_mott]
unit = "timer"
[columns.avtalte]
unit = "timer"
[columns.andel_ikke_mott]
unit = "andel"
between = [0, 1]
avledet_av = ["ikke_mott", "avtalte"]
mangler = "ingen timer"
[columns.avbestilt]
unit = "timer"
[columns.uten_oppmote]
unit = "timer"
[columns.n_fylker]
unit = "fylker"
mangler = "raden gjelder ett fylke"
[columns.forelopig]
unit = "0 nei, 1 ja"
[[sjekk]]
navn = "fylkene_er_landet"
sql = "select 1 as funn from too_oppmote group by fase, periodetype, periode having sum(case when length(omraade) = 2 then mott when omraade = 'landet' then -mott else 0 end) <> 0 or sum(case when length(omraade) = 2 then ikke_mott when omraade = 'landet' then -ikke_mott else 0 end) <> 0 or sum(case when length(omraade) = 2 then avbestilt when omraade = 'landet' then -avbestilt else 0 end) <> 0 or sum(case when length(omraade) = 2 then uten_oppmote when omraade = 'landet' then -uten_oppmote else 0 end) <> 0"
melding = "the counties with 99 do not sum to the nation (C2)"
[[sjekk]]
navn = "fasene_er_alle"
sql = "select 1 as funn from too_oppmote group by omraade, periodetype, periode having sum(case when fase = 'alle' then -mott else mott end) <> 0 or sum(case when fase = 'alle' then -ikke_mott else ikke_mott end) <> 0 or sum(case when fase = 'alle' then -avbestilt else avbestilt end) <> 0 or sum(case when fase = 'alle' then -uten_oppmote else uten_oppmote end) <> 0"
melding = "the phases do not sum to all appointments"
---*/
-- C10: no-show = ikke_mott / (mott + ikke_mott); what was cancelled is apart. The phase is the state that day.
with per_fase as (
    select
        omraade,
        periodetype,
        periode,
        kode,
        antall,
        unnest(make_array(fase, 'alle')) as fase
    from too_bevegelse_omraade
    where maal = 'time'
),

timer as (
    select
        fase,
        omraade,
        periodetype,
        periode,
        sum(case when kode = 1 then antall else 0 end) as mott,
        sum(case when kode = 2 then antall else 0 end) as ikke_mott,
        sum(case when kode = 3 then antall else 0 end) as avbestilt,
        sum(case when kode = 0 then antall else 0 end) as uten_oppmote
    from per_fase
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
    coalesce(t.mott, 0) as mott,
    coalesce(t.ikke_mott, 0) as ikke_mott,
    coalesce(t.mott + t.ikke_mott, 0) as avtalte,
    cast(t.ikke_mott as double) / nullif(t.mott + t.ikke_mott, 0) as andel_ikke_mott,
    coalesce(t.avbestilt, 0) as avbestilt,
    coalesce(t.uten_oppmote, 0) as uten_oppmote,
    r.n_fylker,
    r.forelopig,
    case when t.mott + t.ikke_mott > 0 then 'vist' else 'mangler' end as status
from too_rad as r
cross join faser as f
left join timer as t
    on
        f.fase = t.fase
        and r.omraade = t.omraade
        and r.periodetype = t.periodetype
        and r.periode = t.periode
order by f.fase, r.omraade, r.periodetype, r.periode
