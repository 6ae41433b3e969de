/*---
title = "TOO-forløp med milepæler"
audience = "arbeid"
grain = ["forlop_id", "forlop_nr"]
versjon = 2
[columns.forlop_nr]
unit = "forløpets nummer i forlop_id"
[columns.m0]
mangler = "forløpet begynner uten henvisning"
[columns.m1]
mangler = "ikke vurdert"
[columns.m2]
mangler = "ikke begynt i team"
[columns.m3]
mangler = "ikke ferdig i team"
[columns.m4]
mangler = "ikke begynt tannbehandling"
[columns.m5]
mangler = "ikke avsluttet"
[columns.somlos]
unit = "0 nei, 1 ja"
[columns.tilbakesendt]
unit = "ganger sendt tilbake til team"
[columns.dobbel_henvisning]
unit = "henvisninger mens forløpet var åpent"
[columns.avvist_rekkefolge]
unit = "0 nei, 1 ja"
[columns.tilskudd]
unit = "0 nei, 1 ja"
[columns.fylkesnr]
unit = "fylkesnummer ved siste hendelse"
---*/
-- C3 and C4.
with merket as (
    select
        forlop_id,
        forlop_nr,
        nr,
        hendelse_type,
        hendelse_dato,
        fylkesnr,
        finansiering,
        min(nr) over (partition by forlop_id, forlop_nr) as foerste_nr,
        max(nr) over (partition by forlop_id, forlop_nr) as siste_nr,
        min(case when hendelse_type = 7 then nr end) over (partition by forlop_id, forlop_nr) as tannbehandling_nr
    from too_hendelse_ordnet
),

forlop as (
    select
        forlop_id,
        forlop_nr,
        min(case when nr = foerste_nr and hendelse_type = 1 then hendelse_dato end) as m0,
        min(case when hendelse_type = 2 then hendelse_dato end) as m1,
        min(case when hendelse_type = 5 then hendelse_dato end) as m2,
        max(
            case when hendelse_type = 6 and nr < coalesce(tannbehandling_nr, nr + 1) then hendelse_dato end
        ) as siste_team_slutt,
        max(
            case
                when nr >= coalesce(tannbehandling_nr, nr + 1) then null
                when hendelse_type = 5 then nr * 2 + 1
                when hendelse_type = 6 then nr * 2
            end
        ) as team_foer_tannbehandling,
        min(case when hendelse_type = 7 then hendelse_dato end) as m4,
        min(case when hendelse_type in (3, 8) then hendelse_dato end) as m5,
        sum(case when hendelse_type = 5 and nr > tannbehandling_nr then 1 else 0 end) as tilbakesendt,
        sum(case when hendelse_type = 1 and nr > foerste_nr then 1 else 0 end) as dobbel_henvisning,
        max(case when nr = siste_nr and finansiering = 1 then 1 else 0 end) as tilskudd,
        max(case when nr = siste_nr then fylkesnr end) as fylkesnr,
        max(hendelse_dato) as siste_dato
    from merket
    group by forlop_id, forlop_nr
),

umulige as (
    select distinct
        forlop_id,
        forlop_nr
    from too_umulig
)

select
    f.forlop_id,
    f.forlop_nr,
    f.m0,
    f.m1,
    f.m2,
    case
        when f.team_foer_tannbehandling % 2 = 0 then f.siste_team_slutt
        when f.team_foer_tannbehandling % 2 = 1 then f.m4
    end as m3,
    f.m4,
    f.m5,
    case when f.m4 is not null and coalesce(f.team_foer_tannbehandling, 0) % 2 = 1 then 1 else 0 end as somlos,
    f.tilbakesendt,
    f.dobbel_henvisning,
    case when u.forlop_id is null then 0 else 1 end as avvist_rekkefolge,
    f.tilskudd,
    f.fylkesnr,
    f.siste_dato
from forlop as f
left join umulige as u
    on
        f.forlop_id = u.forlop_id
        and f.forlop_nr = u.forlop_nr
order by f.forlop_id, f.forlop_nr
