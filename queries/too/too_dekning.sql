/*---
title = "Henviste, behandlede og ferdigbehandlede i TOO per 10 000 voksne"
audience = "fylke"
grain = ["omraade", "periodetype", "periode"]
mappe = "fylkesnr"
versjon = 1
[columns.fylkesnr]
mangler = "raden gjelder en region, et tidligere fylke eller ukjent fylke og ligger ikke i noen mappe"
[columns.henviste]
unit = "forløp henvist i perioden"
[columns.i_behandling]
unit = "forløp i behandling ved periodens slutt"
[columns.avsluttede_behandlinger]
unit = "forløp der behandlingen hadde begynt, avsluttet i perioden"
[columns.behandlede]
unit = "forløp"
[columns.ferdigbehandlet]
unit = "forløp ferdigbehandlet i perioden"
[columns.ferdigbehandlet_begge]
unit = "forløp"
[columns.voksne]
unit = "personer"
mangler = "folketallet er ikke levert, eller raden gjelder ukjent fylke"
[columns.henviste_per_10000]
unit = "forløp per 10 000 voksne"
desimaler = 1
mangler = "folketallet er ikke levert, eller raden gjelder ukjent fylke"
[columns.behandlede_per_10000]
unit = "forløp per 10 000 voksne"
desimaler = 1
mangler = "folketallet er ikke levert, eller raden gjelder ukjent fylke"
[columns.ferdigbehandlet_per_10000]
unit = "forløp per 10 000 voksne"
desimaler = 1
mangler = "folketallet er ikke levert, eller raden gjelder ukjent fylke"
[columns.ferdigbehandlet_begge_per_10000]
unit = "forløp per 10 000 voksne"
desimaler = 1
mangler = "folketallet er ikke levert, eller raden gjelder ukjent fylke"
[columns.n_fylker]
unit = "fylker"
mangler = "raden gjelder ett fylke"
[columns.forelopig]
unit = "0 nei, 1 ja"
[[sjekk]]
navn = "fylkene_er_landet"
sql = "select 1 as funn from too_dekning group by periodetype, periode having sum(case when length(omraade) = 2 then henviste when omraade = 'landet' then -henviste else 0 end) <> 0 or sum(case when length(omraade) = 2 then i_behandling when omraade = 'landet' then -i_behandling else 0 end) <> 0 or sum(case when length(omraade) = 2 then avsluttede_behandlinger when omraade = 'landet' then -avsluttede_behandlinger else 0 end) <> 0 or sum(case when length(omraade) = 2 then ferdigbehandlet when omraade = 'landet' then -ferdigbehandlet else 0 end) <> 0 or sum(case when length(omraade) = 2 then ferdigbehandlet_begge when omraade = 'landet' then -ferdigbehandlet_begge else 0 end) <> 0"
melding = "the counties with 99 do not sum to the nation (C2)"
[[avstemming]]
navn = "henviste_som_i_henvisning"
sql = "select 1 as funn from too_dekning as d inner join too_henvisning as h on d.omraade = h.omraade and d.periodetype = h.periodetype and d.periode = h.periode where d.henviste <> h.henviste"
melding = "referrals differ from those of too_henvisning"
---*/
-- C11. Treated = in treatment on the period's last day, and those whose course ended in it after treatment had begun (team
-- or teeth). The adults are those of the counties that count, on 1 January of the year of the period's last day; a county
-- without a population leaves the nation and its region without one.
with bevegelse as (
    select
        omraade,
        periodetype,
        periode,
        sum(case when maal = 'henvist' then antall else 0 end) as henviste,
        sum(
            case when maal = 'slutt' and fase in ('team', 'etter_team', 'tannbehandling') then antall else 0 end
        ) as avsluttede_behandlinger,
        sum(case when maal = 'slutt' and kode = 1 then antall else 0 end) as ferdigbehandlet,
        sum(case when maal = 'slutt' and kode = 1 and begge_tester = 1 then antall else 0 end) as ferdigbehandlet_begge
    from too_bevegelse_omraade
    group by omraade, periodetype, periode
),

bestand as (
    select
        omraade,
        periodetype,
        periode,
        sum(antall) as i_behandling
    from too_bestand_omraade
    where fase in ('team', 'etter_team', 'tannbehandling')
    group by omraade, periodetype, periode
),

voksne as (
    select
        r.omraade,
        r.periodetype,
        r.periode,
        case when count(*) = count(v.voksne) then sum(v.voksne) end as voksne
    from too_rad as r
    inner join too_omraade as o
        on
            r.omraade = o.omraade
            and r.periodetype = o.periodetype
            and r.periode = o.periode
    left join too_voksne as v
        on
            o.fylkesnr = v.fylkesnr
            and date_part('year', r.til_dato) = v.aar
    where o.fylkesnr <> 99
    group by r.omraade, r.periodetype, r.periode
),

rader as (
    select
        r.mappe,
        r.omraade,
        r.periodetype,
        r.periode,
        r.n_fylker,
        r.forelopig,
        coalesce(b.henviste, 0) as henviste,
        coalesce(s.i_behandling, 0) as i_behandling,
        coalesce(b.avsluttede_behandlinger, 0) as avsluttede_behandlinger,
        coalesce(b.ferdigbehandlet, 0) as ferdigbehandlet,
        coalesce(b.ferdigbehandlet_begge, 0) as ferdigbehandlet_begge,
        v.voksne
    from too_rad as r
    left join bevegelse as b
        on
            r.omraade = b.omraade
            and r.periodetype = b.periodetype
            and r.periode = b.periode
    left join bestand as s
        on
            r.omraade = s.omraade
            and r.periodetype = s.periodetype
            and r.periode = s.periode
    left join voksne as v
        on
            r.omraade = v.omraade
            and r.periodetype = v.periodetype
            and r.periode = v.periode
    where r.periodetype in ('aar', 'rullerende12')
)

select
    mappe as fylkesnr,
    omraade,
    periodetype,
    periode,
    henviste,
    i_behandling,
    avsluttede_behandlinger,
    i_behandling + avsluttede_behandlinger as behandlede,
    ferdigbehandlet,
    ferdigbehandlet_begge,
    voksne,
    cast(henviste * 10000 as double) / voksne as henviste_per_10000,
    cast((i_behandling + avsluttede_behandlinger) * 10000 as double) / voksne as behandlede_per_10000,
    cast(ferdigbehandlet * 10000 as double) / voksne as ferdigbehandlet_per_10000,
    cast(ferdigbehandlet_begge * 10000 as double) / voksne as ferdigbehandlet_begge_per_10000,
    n_fylker,
    forelopig,
    'vist' as status
from rader
order by omraade, periodetype, periode
