/*---
title = "Byttegruppe × varenummer × måned: forskrivninger, reservasjoner og merutgift"
audience = "arbeid"
grain = ["maaned", "byttegruppe", "varenr"]
versjon = 1
inkrementell = true
bygger_paa = ["reservasjon"]
[columns.maaned]
unit = "ååååmm"
[columns.byttegruppe]
unit = "Byttegruppe/Kode@V"
[columns.varenr]
unit = "varenummer"
[columns.forskrivninger]
unit = "forskrivninger"
[columns.reservert]
unit = "forskrivninger"
[columns.utleveringer]
unit = "utleveringer"
[columns.utleveringer_reservert]
unit = "utleveringer"
[columns.merutgift_ore]
unit = "øre"
[columns.uten_referanse]
unit = "utleveringer som legen reserverte, uten referanse"
---*/
-- Lines first, then kroner: each joined line has one row there, so nothing is counted twice.
with linjer as (
    select
        k.maaned,
        k.byttegruppe,
        k.varenr,
        case when k.utlevering_nr = 1 then 1 else 0 end as forskrivning,
        case when k.reservasjon = 1 then 1 else 0 end as reservert,
        m.linje_id as med_pris,
        m.merutgift_ore
    from linje_klasse as k
    left join linje_merutgift as m
        on
            k.maaned = m.maaned
            and k.linje_id = m.linje_id
            and k.utleveringsdato = m.utleveringsdato
    where k.klasse = 9
)

select
    maaned,
    byttegruppe,
    varenr,
    sum(forskrivning) as forskrivninger,
    sum(forskrivning * reservert) as reservert,
    count(*) as utleveringer,
    sum(reservert) as utleveringer_reservert,
    sum(coalesce(merutgift_ore, 0)) as merutgift_ore,
    sum(case when med_pris is not null and merutgift_ore is null then 1 else 0 end) as uten_referanse
from linjer
group by maaned, byttegruppe, varenr
order by maaned, byttegruppe, varenr
