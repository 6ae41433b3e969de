/*---
title = "Områder og perioder som tabellene om forløpet har rader for"
audience = "arbeid"
grain = ["periodetype", "periode", "omraade"]
versjon = 1
[columns.mappe]
mangler = "raden gjelder en region, et tidligere fylke eller ukjent fylke og ligger ikke i noen mappe"
[columns.struktur]
unit = "år fylkeskodene gjelder fra"
[columns.n_fylker]
unit = "fylker"
mangler = "raden gjelder ett fylke"
[columns.forelopig]
unit = "0 nei, 1 ja"
[columns.andre_fylker]
unit = "0 nei, 1 ja"
---*/
-- `nivaa` is what disclosure control holds together: the counties of a region, the regions, the nation with what it has more
-- than they (99). Rolling years are those that end with a tertial (D2). `andre_fylker`: in a tertial of this year other counties count than
-- in the year, so that the tertials less the year would be the figures of a county that came or went.
with omraader as (
    select
        o.periodetype,
        o.periode,
        o.omraade,
        p.fra_dato,
        p.til_dato,
        p.struktur,
        p.forelopig,
        substr(o.periode, 1, 4) as aar,
        sum(case when o.fylkesnr = 99 then 0 else 1 end) as antall,
        concat(
            cast(count(*) as varchar), ' ', cast(sum(o.fylkesnr) as varchar), ' ',
            cast(sum(o.fylkesnr * o.fylkesnr) as varchar)
        ) as fylker
    from too_omraade as o
    inner join too_periode as p
        on
            o.periodetype = p.periodetype
            and o.periode = p.periode
    where
        p.periodetype <> 'rullerende12'
        or date_part('month', p.til_dato) in (4, 8, 12)
    group by o.periodetype, o.periode, o.omraade, p.fra_dato, p.til_dato, p.struktur, p.forelopig
),

-- Of a year's tertials and of the year itself.
samme as (
    select
        omraade,
        aar,
        case when min(fylker) = max(fylker) then 0 else 1 end as andre_fylker
    from omraader
    where periodetype in ('tertial', 'aar')
    group by omraade, aar
),

koder as (
    select
        lpad(cast(fylkesnr as varchar), 2, '0') as omraade,
        max(region) as region
    from fylke
    group by lpad(cast(fylkesnr as varchar), 2, '0')
),

-- A county that is no more has no folder; its rows stand for history.
dagens_fylker as (
    select lpad(cast(fylkesnr as varchar), 2, '0') as fylkesnr
    from fylke
    where struktur = 2024
)

select
    o.periodetype,
    o.periode,
    o.omraade,
    case
        when o.omraade in ('landet', '99') then 'landet'
        when o.omraade like 'region_%' then 'regioner'
        else k.region
    end as nivaa,
    case when o.omraade = 'landet' then 'alle' else f.fylkesnr end as mappe,
    o.fra_dato,
    o.til_dato,
    o.struktur,
    case when o.omraade = 'landet' or o.omraade like 'region_%' then o.antall end as n_fylker,
    o.forelopig,
    case when o.periodetype = 'aar' then coalesce(l.andre_fylker, 0) else 0 end as andre_fylker
from omraader as o
left join samme as l
    on
        o.omraade = l.omraade
        and o.aar = l.aar
left join koder as k on o.omraade = k.omraade
left join dagens_fylker as f on o.omraade = f.fylkesnr
order by o.periodetype, o.periode, o.omraade
