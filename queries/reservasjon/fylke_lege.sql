/*---
title = "Fylke × lege, siste 12 måneder"
audience = "arbeid"
grain = ["fylkesnr", "rekvirent_hpr"]
versjon = 1
[columns.fylkesnr]
unit = "fylkesnummer; 99 ukjent"
[columns.rekvirent_hpr]
unit = "HPR-nummer"
[columns.n]
unit = "forskrivninger, eller utleveringer når nummer mangler"
[columns.r]
unit = "som n, reservert av legen"
---*/
select
    cast(coalesce(k.fylkesnr, 99) as int) as fylkesnr,
    m.rekvirent_hpr,
    sum(case when v.teller_forskrivninger = 1 then m.forskrivninger else m.utleveringer end) as n,
    sum(case when v.teller_forskrivninger = 1 then m.reservert else m.utleveringer_reservert end) as r
from lege_fylke_maaned as m
inner join reservasjon_vindu as v on m.maaned between v.fra_maaned and v.til_maaned
left join fylke_kode as k on m.fylkesnr = k.kode
group by coalesce(k.fylkesnr, 99), m.rekvirent_hpr
order by fylkesnr, m.rekvirent_hpr
