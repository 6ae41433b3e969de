/*---
title = "Lege × byttegruppe i vinduet: grunnlag for forventet antall, og merutgift"
audience = "arbeid"
grain = ["vindu", "rekvirent_hpr", "byttegruppe"]
versjon = 1
[columns.vindu]
unit = "1 siste 12 måneder, 2 de 12 månedene før"
between = [1, 2]
[columns.rekvirent_hpr]
unit = "HPR-nummer"
[columns.byttegruppe]
unit = "Byttegruppe/Kode@V; 0 når varen ikke er i noen"
[columns.linjer]
unit = "linjer av alle klasser"
[columns.utleveringer]
unit = "utleveringer"
[columns.n]
unit = "forskrivninger, eller utleveringer når nummer mangler"
[columns.r]
unit = "som n, reservert av legen"
[columns.merutgift_ore]
unit = "øre"
[columns.referanse_fra]
unit = "som i linje_merutgift, den laveste"
mangler = "ingen reservert linje med referanse"
[columns.referanse_til]
unit = "som i linje_merutgift, den høyeste"
mangler = "ingen reservert linje med referanse"
[columns.uten_referanse]
unit = "utleveringer som legen reserverte, uten referanse"
[columns.avvikende_pris]
unit = "utleveringer som legen reserverte, med pris langt over referansen"
---*/
select
    v.vindu,
    c.rekvirent_hpr,
    c.byttegruppe,
    sum(c.linjer) as linjer,
    sum(c.utleveringer) as utleveringer,
    sum(case when v.teller_forskrivninger = 1 then c.forskrivninger else c.utleveringer end) as n,
    sum(case when v.teller_forskrivninger = 1 then c.reservert else c.utleveringer_reservert end) as r,
    sum(c.merutgift_ore) as merutgift_ore,
    min(c.referanse_fra) as referanse_fra,
    max(c.referanse_til) as referanse_til,
    sum(c.uten_referanse) as uten_referanse,
    sum(c.avvikende_pris) as avvikende_pris
from lege_gruppe_maaned as c
inner join reservasjon_vinduer as v on c.maaned between v.fra_maaned and v.til_maaned
group by v.vindu, c.rekvirent_hpr, c.byttegruppe
order by v.vindu, c.rekvirent_hpr, c.byttegruppe
