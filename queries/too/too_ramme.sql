/*---
title = "Alle radene en ventetidstabell skal ha"
audience = "arbeid"
grain = ["steg", "omraade", "periodetype", "periode", "populasjon", "pauser"]
versjon = 1
[columns.celle]
unit = "nummer i rekkefølgen"
[columns.n_fylker]
unit = "fylker"
mangler = "raden gjelder ett fylke"
[columns.forelopig]
unit = "0 nei, 1 ja"
---*/
with omraader as (
    select
        o.periodetype,
        o.periode,
        o.omraade,
        p.til_dato,
        p.forelopig,
        case
            when o.omraade = 'landet' or o.omraade like 'region_%'
                then sum(case when o.fylkesnr = 99 then 0 else 1 end)
        end as n_fylker
    from too_omraade as o
    inner join too_periode as p
        on
            o.periodetype = p.periodetype
            and o.periode = p.periode
    group by o.periodetype, o.periode, o.omraade, p.til_dato, p.forelopig
),

steg as (
    select unnest(make_array('m0_m1', 'm0_m4', 'm1_m2', 'm3_m4', 'narkose')) as steg
),

populasjoner as (
    select unnest(make_array('avviklet', 'ventende')) as populasjon
),

pauser as (
    select unnest(make_array('med', 'uten')) as pauser
)

select
    s.steg,
    o.omraade,
    o.periodetype,
    o.periode,
    b.populasjon,
    u.pauser,
    o.til_dato,
    o.n_fylker,
    o.forelopig,
    cast(
        row_number() over (
            order by s.steg, o.omraade, o.periodetype, o.periode, b.populasjon, u.pauser
        ) as bigint
    ) as celle
-- The long table comes last: the engine makes a batch for each row that stands before it.
from steg as s
cross join populasjoner as b
cross join pauser as u
cross join omraader as o
order by s.steg, o.omraade, o.periodetype, o.periode, b.populasjon, u.pauser
