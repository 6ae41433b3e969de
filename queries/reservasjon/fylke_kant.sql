/*---
title = "Fylkets tall ved kanten av vinduet: første og siste måned, og de 12 månedene før"
audience = "arbeid"
grain = ["fylkesnr"]
versjon = 1
[columns.fylkesnr]
unit = "fylkesnummer; 99 ukjent"
[columns.n_forste]
unit = "forskrivninger, eller utleveringer når nummer mangler; i vinduets første måned"
[columns.r_forste]
unit = "som n_forste, reservert av legen"
[columns.n_siste]
unit = "som n_forste, i vinduets siste måned"
[columns.n_foer]
unit = "som n_forste, i de 12 månedene før vinduet"
[columns.r_foer]
unit = "som n_foer, reservert av legen"
---*/
-- D5, for counties as for groups: `byttegruppe_kant` says what it is for.
with talt as (
    select
        coalesce(k.fylkesnr, 99) as fylkesnr,
        case when v.teller_forskrivninger = 1 then m.forskrivninger else m.utleveringer end as n,
        case when v.teller_forskrivninger = 1 then m.reservert else m.utleveringer_reservert end as r,
        case when m.maaned = v.fra_maaned then 1 else 0 end as er_forste,
        case when m.maaned = v.til_maaned then 1 else 0 end as er_siste,
        case when m.maaned < v.fra_maaned then 1 else 0 end as er_foer
    from lege_fylke_maaned as m
    inner join reservasjon_vindu as v on m.maaned between v.fra_maaned - 100 and v.til_maaned
    left join fylke_kode as k on m.fylkesnr = k.kode
)

select
    cast(fylkesnr as int) as fylkesnr,
    sum(n * er_forste) as n_forste,
    sum(r * er_forste) as r_forste,
    sum(n * er_siste) as n_siste,
    sum(n * er_foer) as n_foer,
    sum(r * er_foer) as r_foer
from talt
group by fylkesnr
order by fylkesnr
