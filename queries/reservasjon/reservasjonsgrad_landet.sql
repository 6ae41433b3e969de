/*---
title = "Reservasjonsgrad i landet, siste 12 måneder"
audience = "offentlig"
grain = ["til_maaned"]
versjon = 1
[columns.n_leger]
unit = "leger"
mangler = "færre enn 12 måneder er levert"
[columns.forskrivninger]
unit = "forskrivninger"
mangler = "færre enn 12 måneder er levert, eller utleveringens nummer mangler"
grunnlag = true
storste = "storste_forskrivninger"
nest_storste = "nest_storste_forskrivninger"
[columns.reservert]
unit = "forskrivninger"
mangler = "færre enn 12 måneder er levert, eller utleveringens nummer mangler"
storste = "storste_reservert"
nest_storste = "nest_storste_reservert"
[columns.reservasjonsgrad]
unit = "andel"
between = [0, 1]
avledet_av = ["reservert", "forskrivninger"]
hoyst_endret = "endring_landet_promille"
mangler = "færre enn 12 måneder er levert, eller utleveringens nummer mangler"
[columns.storste_forskrivninger]
unit = "forskrivninger"
[columns.nest_storste_forskrivninger]
unit = "forskrivninger"
[columns.storste_reservert]
unit = "forskrivninger"
[columns.nest_storste_reservert]
unit = "forskrivninger"
[[avstemming]]
navn = "maanedene_er_landet"
sql = "select 1 as funn from (select sum(m.forskrivninger) as n, sum(m.reservert) as r from reservasjon_nasjonal_maaned as m inner join reservasjon_vindu as v on m.maaned between v.fra_maaned_tekst and v.til_maaned_tekst) as m cross join reservasjonsgrad_landet as l where m.n <> l.forskrivninger or m.r <> l.reservert"
melding = "the months of the window do not sum to the nation (B12)"
[[avstemming]]
navn = "legene_er_landet"
sql = "select 1 as funn from (select sum(d.forskrivninger) as n, sum(d.reservert) as r from lege_sum_maaned as d inner join reservasjon_vindu as v on d.maaned between v.fra_maaned and v.til_maaned) as d cross join reservasjonsgrad_landet as l where d.n <> l.forskrivninger or d.r <> l.reservert"
melding = "the doctors do not sum to the nation (B12)"
---*/
with rangert as (
    select
        n,
        r,
        row_number() over (order by n desc, rekvirent_hpr) as nr_n,
        row_number() over (order by r desc, rekvirent_hpr) as nr_r
    from lege_sum
    where
        vindu = 1
        and n > 0
),

landet as (
    select
        count(*) as n_leger,
        coalesce(sum(n), 0) as n,
        coalesce(sum(r), 0) as r,
        coalesce(max(case when nr_n = 1 then n end), 0) as storste_forskrivninger,
        coalesce(max(case when nr_n = 2 then n end), 0) as nest_storste_forskrivninger,
        coalesce(max(case when nr_r = 1 then r end), 0) as storste_reservert,
        coalesce(max(case when nr_r = 2 then r end), 0) as nest_storste_reservert
    from rangert
),

avgrenset as (
    select
        v.fra_maaned_tekst as fra_maaned,
        v.til_maaned_tekst as til_maaned,
        case when v.komplett = 1 and v.teller_forskrivninger = 1 then l.n end as n,
        case when v.komplett = 1 and v.teller_forskrivninger = 1 then l.r end as r,
        case when v.komplett = 1 then l.n_leger end as n_leger,
        l.storste_forskrivninger,
        l.nest_storste_forskrivninger,
        l.storste_reservert,
        l.nest_storste_reservert
    from reservasjon_vindu as v
    cross join landet as l
)

select
    fra_maaned,
    til_maaned,
    n_leger,
    n as forskrivninger,
    r as reservert,
    cast(r as double) / nullif(cast(n as double), 0) as reservasjonsgrad,
    storste_forskrivninger,
    nest_storste_forskrivninger,
    storste_reservert,
    nest_storste_reservert,
    case when n > 0 then 'vist' else 'mangler' end as status
from avgrenset
order by til_maaned
