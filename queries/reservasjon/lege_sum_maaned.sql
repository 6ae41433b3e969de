/*---
title = "Lege × måned: forskrivninger og reservasjoner"
audience = "arbeid"
grain = ["maaned", "rekvirent_hpr"]
versjon = 1
inkrementell = true
[columns.maaned]
unit = "ååååmm"
[columns.rekvirent_hpr]
unit = "HPR-nummer"
[columns.linjer]
unit = "linjer av alle klasser"
[columns.forskrivninger]
unit = "forskrivninger"
[columns.reservert]
unit = "forskrivninger"
[columns.utleveringer]
unit = "utleveringer"
[columns.utleveringer_reservert]
unit = "utleveringer"
---*/
select
    maaned,
    rekvirent_hpr,
    sum(linjer) as linjer,
    sum(forskrivninger) as forskrivninger,
    sum(reservert) as reservert,
    sum(utleveringer) as utleveringer,
    sum(utleveringer_reservert) as utleveringer_reservert
from lege_gruppe_maaned
group by maaned, rekvirent_hpr
order by maaned, rekvirent_hpr
