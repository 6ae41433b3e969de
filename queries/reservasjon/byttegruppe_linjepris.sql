/*---
title = "Laveste tidel av prisen per enhet på linjer uten reservasjon, der FEST ikke har noen pris"
audience = "arbeid"
grain = ["maaned", "byttegruppe", "enhet"]
versjon = 1
inkrementell = true
[columns.maaned]
unit = "ååååmm"
[columns.byttegruppe]
unit = "Byttegruppe/Kode@V"
[columns.enhet]
unit = "1 Pakningsstr, 2 DDD"
between = [1, 2]
[columns.linjer]
unit = "linjer uten reservasjon med pris"
[columns.referanse_ore]
unit = "øre for linjen"
[columns.referanse_mikro]
unit = "milliondels enhet i linjen"
---*/
-- B4's last resort, by A3: the 10th percentile of what was paid per unit. Only for groups that lack a price in FEST on
-- some day of the month; their lines of the whole month count.
with uten_pris as (
    select distinct
        byttegruppe,
        enhet
    from byttegruppe_referanse
    where referanse is null
),

linjer as (
    select
        k.byttegruppe,
        u.enhet,
        k.utsalgspris_ore,
        k.antall_tusendeler
        * case u.enhet when 1 then v.pakningsstr_tusendeler else v.ddd_tusendeler end as enheter_mikro
    from linje_klasse as k
    inner join uten_pris as u on k.byttegruppe = u.byttegruppe
    inner join vare_periode as v
        on
            k.varenr = v.varenr
            and k.utleveringsdato between v.fra_dato and v.til_dato
    inner join byttegruppe_referanse as r
        on
            k.byttegruppe = r.byttegruppe
            and u.enhet = r.enhet
            and k.utleveringsdato between r.fra_dato and r.til_dato
    where
        k.klasse = 9
        and k.reservasjon = 0
        and k.utsalgspris_ore > 0
),

rangert as (
    select
        byttegruppe,
        enhet,
        utsalgspris_ore,
        enheter_mikro,
        row_number() over (
            partition by byttegruppe, enhet
            order by
                cast(utsalgspris_ore as decimal(38, 20)) / cast(enheter_mikro as decimal(38, 0)),
                enheter_mikro
        ) as nr,
        count(*) over (partition by byttegruppe, enhet) as linjer
    from linjer
    where enheter_mikro > 0
)

select
    cast($maaned as int) as maaned,
    byttegruppe,
    enhet,
    linjer,
    utsalgspris_ore as referanse_ore,
    enheter_mikro as referanse_mikro
from rangert
where
    nr = (10 * linjer + 99) / 100
    and linjer >= $merutgift_linjer
order by maaned, byttegruppe, enhet
