/*---
title = "Byttegruppens tall ved kanten av vinduet: første og siste måned, og de 12 månedene før"
audience = "arbeid"
grain = ["vindu", "byttegruppe"]
versjon = 1
[columns.vindu]
unit = "1 siste 12 måneder, 2 de 12 månedene før"
between = [1, 2]
[columns.byttegruppe]
unit = "Byttegruppe/Kode@V"
[columns.n_forste]
unit = "forskrivninger, eller utleveringer når nummer mangler; i vinduets første måned"
[columns.r_forste]
unit = "som n_forste, reservert av legen"
[columns.ore_forste]
unit = "øre merutgift i vinduets første måned"
[columns.n_siste]
unit = "som n_forste, i vinduets siste måned"
[columns.n_foer]
unit = "som n_forste, i de 12 månedene før vinduet"
[columns.r_foer]
unit = "som n_foer, reservert av legen"
[columns.ore_foer]
unit = "øre merutgift i de 12 månedene før vinduet"
---*/
-- Two windows that follow each other differ by the month that comes in less the month that goes out. Where one of these is
-- known to be nothing, the other could be subtracted (D5). What is known: a month without prescriptions, since a group that is
-- new or gone is known from FEST; and each month of a window whose public figure is zero. So a row of twelve months is unsafe
-- - without prescriptions in its first or its last month;
-- - with nothing reserved, where so much was in the twelve months before that windows between may have been shown;
-- - with something reserved, where nothing was in the twelve months before, of what was prescribed, and in its first month;
-- and so for what is not reserved and for kroner. The tables that say `utrygg` count by this.
with talt as (
    select
        v.vindu,
        c.byttegruppe,
        c.merutgift_ore,
        case when v.teller_forskrivninger = 1 then c.forskrivninger else c.utleveringer end as n,
        case when v.teller_forskrivninger = 1 then c.reservert else c.utleveringer_reservert end as r,
        case when c.maaned = v.fra_maaned then 1 else 0 end as er_forste,
        case when c.maaned = v.til_maaned then 1 else 0 end as er_siste,
        case when c.maaned < v.fra_maaned then 1 else 0 end as er_foer
    from lege_gruppe_maaned as c
    inner join reservasjon_vinduer as v on c.maaned between v.fra_maaned - 100 and v.til_maaned
)

select
    vindu,
    byttegruppe,
    sum(n * er_forste) as n_forste,
    sum(r * er_forste) as r_forste,
    sum(merutgift_ore * er_forste) as ore_forste,
    sum(n * er_siste) as n_siste,
    sum(n * er_foer) as n_foer,
    sum(r * er_foer) as r_foer,
    sum(merutgift_ore * er_foer) as ore_foer
from talt
group by vindu, byttegruppe
order by vindu, byttegruppe
