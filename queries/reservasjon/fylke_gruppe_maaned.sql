/*---
title = "Fylke × byttegruppe × måned: forskrivninger og reservasjoner"
audience = "arbeid"
grain = ["maaned", "fylkesnr", "byttegruppe"]
versjon = 1
inkrementell = true
[columns.maaned]
unit = "ååååmm"
[columns.fylkesnr]
unit = "to første sifre i kommunenummeret; 99 når legen ikke er kjent"
[columns.byttegruppe]
unit = "Byttegruppe/Kode@V"
[columns.forskrivninger]
unit = "forskrivninger"
[columns.reservert]
unit = "forskrivninger"
[columns.utleveringer]
unit = "utleveringer"
[columns.utleveringer_reservert]
unit = "utleveringer"
---*/
-- B12: what the counties' expected rates are made of.
select
    maaned,
    fylkesnr,
    byttegruppe,
    sum(case when utlevering_nr = 1 then 1 else 0 end) as forskrivninger,
    sum(case when utlevering_nr = 1 and reservasjon = 1 then 1 else 0 end) as reservert,
    count(*) as utleveringer,
    sum(case when reservasjon = 1 then 1 else 0 end) as utleveringer_reservert
from linje_klasse
where klasse = 9
group by maaned, fylkesnr, byttegruppe
order by maaned, fylkesnr, byttegruppe
