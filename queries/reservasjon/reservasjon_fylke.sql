/*---
title = "Reservasjonsgrad i fylkene, siste 12 måneder"
audience = "offentlig"
grain = ["fylkesnr"]
dimensjoner = ["fylkesnr"]
versjon = 1
[columns.fylkesnr]
unit = "fylkesnummer; 99 ukjent"
[columns.fylke]
mangler = "fylket er ikke kjent"
[columns.n_leger]
unit = "leger"
mangler = "skjult av personvernhensyn, færre enn 12 måneder er levert, eller utleveringens nummer mangler"
[columns.forskrivninger]
unit = "forskrivninger"
mangler = "skjult av personvernhensyn, færre enn 12 måneder er levert, eller utleveringens nummer mangler"
grunnlag = true
storste = "storste_forskrivninger"
nest_storste = "nest_storste_forskrivninger"
[columns.reservert]
unit = "forskrivninger"
mangler = "skjult av personvernhensyn, ingen forskrivninger, færre enn 12 måneder er levert, eller utleveringens nummer mangler"
storste = "storste_reservert"
nest_storste = "nest_storste_reservert"
[columns.reservasjonsgrad]
unit = "andel"
between = [0, 1]
avledet_av = ["reservert", "forskrivninger"]
mangler = "skjult av personvernhensyn, ingen forskrivninger, færre enn 12 måneder er levert, eller utleveringens nummer mangler"
[columns.forventet_grad]
unit = "andel"
between = [0, 1]
mangler = "skjult av personvernhensyn, ingen forskrivninger, færre enn 12 måneder er levert, eller utleveringens nummer mangler"
[columns.storste_forskrivninger]
unit = "forskrivninger"
[columns.nest_storste_forskrivninger]
unit = "forskrivninger"
[columns.storste_reservert]
unit = "forskrivninger"
[columns.nest_storste_reservert]
unit = "forskrivninger"
[[avstemming]]
navn = "fylkene_er_landet"
sql = "select 1 as funn from (select sum(n) as n, sum(r) as r from fylke_sum) as f cross join (select coalesce(sum(n), 0) as n, coalesce(sum(r), 0) as r from lege_sum where vindu = 1) as l where f.n <> l.n or f.r <> l.r"
melding = "the counties with 99 do not sum to the doctors (B12)"
[[avstemming]]
navn = "fylkene_er_landets_tall"
sql = "select 1 as funn from (select sum(n) as n, sum(r) as r from fylke_sum) as f cross join reservasjonsgrad_landet as l where f.n <> l.forskrivninger or f.r <> l.reservert"
melding = "the counties with 99 do not sum to the nation (B12)"
[[avstemming]]
navn = "fylkene_er_like"
sql = "select 1 as funn from (select sum(n) as n from fylke_sum) as f cross join (select sum(n) as n from fylke_forventet) as e where f.n <> coalesce(e.n, 0)"
melding = "the counties' doctors and their groups do not have the same prescriptions (B12)"
---*/
-- B12. Of no prescription none is reserved: that is said by the prescriptions alone, since of so few disclosure control lets no
-- part be shown. What is expected is what doctors of the whole country reserve of the same medicines: it takes away that counties
-- use different medicines, and nothing else.
with aktuelle as (
    select
        v.fra_maaned_tekst as fra_maaned,
        v.til_maaned_tekst as til_maaned,
        v.komplett * v.teller_forskrivninger as kjent,
        s.fylkesnr,
        s.n_leger,
        s.n,
        s.r,
        s.storste_n,
        s.nest_storste_n,
        s.storste_r,
        s.nest_storste_r,
        k.skjult,
        f.forventet
    from reservasjon_vindu as v
    cross join fylke_sum as s
    inner join fylke_skjult as k on s.fylkesnr = k.fylkesnr
    left join fylke_forventet as f on s.fylkesnr = f.fylkesnr
),

navn as (
    select
        fylkesnr,
        last_value(navn order by struktur) as fylke
    from fylke
    group by fylkesnr
)

select
    lpad(cast(a.fylkesnr as varchar), 2, '0') as fylkesnr,
    n.fylke,
    a.fra_maaned,
    a.til_maaned,
    case when a.kjent = 1 and a.skjult = 0 then a.n_leger end as n_leger,
    case when a.kjent = 1 and a.skjult = 0 then a.n end as forskrivninger,
    case when a.kjent = 1 and a.skjult = 0 and a.n > 0 then a.r end as reservert,
    case
        when a.kjent = 1 and a.skjult = 0 then cast(a.r as double) / nullif(cast(a.n as double), 0)
    end as reservasjonsgrad,
    case
        when a.kjent = 1 and a.skjult = 0 and a.n > 0 then least(1.0, a.forventet / nullif(cast(a.n as double), 0))
    end as forventet_grad,
    a.storste_n as storste_forskrivninger,
    a.nest_storste_n as nest_storste_forskrivninger,
    a.storste_r as storste_reservert,
    a.nest_storste_r as nest_storste_reservert,
    case when a.kjent = 0 then 'mangler' when a.skjult = 1 then 'skjult' when a.n = 0 then 'mangler' else 'vist' end
        as status
from aktuelle as a
left join navn as n on a.fylkesnr = n.fylkesnr
order by fylkesnr
