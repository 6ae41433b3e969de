/*---
title = "Lege × fylke × måned: forskrivninger og reservasjoner"
audience = "arbeid"
grain = ["maaned", "rekvirent_hpr", "fylkesnr"]
versjon = 1
inkrementell = true
[columns.maaned]
unit = "ååååmm"
[columns.rekvirent_hpr]
unit = "HPR-nummer"
[columns.fylkesnr]
unit = "to første sifre i kommunenummeret; 99 når legen ikke er kjent"
[columns.forskrivninger]
unit = "forskrivninger"
[columns.reservert]
unit = "forskrivninger"
[columns.utleveringer]
unit = "utleveringer"
[columns.utleveringer_reservert]
unit = "utleveringer"
---*/
-- B12: a doctor who moves has a row in each county, with the prescriptions of the time there.
select
    maaned,
    rekvirent_hpr,
    fylkesnr,
    sum(case when utlevering_nr = 1 then 1 else 0 end) as forskrivninger,
    sum(case when utlevering_nr = 1 and reservasjon = 1 then 1 else 0 end) as reservert,
    count(*) as utleveringer,
    sum(case when reservasjon = 1 then 1 else 0 end) as utleveringer_reservert
from linje_klasse
where klasse = 9
group by maaned, rekvirent_hpr, fylkesnr
order by maaned, rekvirent_hpr, fylkesnr
