/*---
title = "Laveste FEST-pris per enhet i en byttegruppe, som dagperioder"
audience = "arbeid"
grain = ["maaned", "byttegruppe", "enhet", "fra_dato"]
versjon = 1
inkrementell = true
[columns.maaned]
unit = "ååååmm"
[columns.byttegruppe]
unit = "Byttegruppe/Kode@V"
[columns.enhet]
unit = "1 Pakningsstr, 2 DDD"
between = [1, 2]
[columns.referanse]
unit = "2 laveste trinnpris, 3 laveste AUP blant markedsførte"
between = [2, 3]
mangler = "FEST har verken trinnpris eller AUP for noen markedsført pakning i gruppen"
[columns.referanse_ore]
unit = "øre per pakning"
mangler = "FEST har verken trinnpris eller AUP for noen markedsført pakning i gruppen"
[columns.referanse_tusendeler]
unit = "tusendels enhet i pakningen"
---*/
-- B4: the group's lowest trinnpris per unit, else its lowest AUP per unit among packages marketed on the day. A price of
-- 0 is no price that anything can be bought at. Kept as price and size of one package, so that nothing is rounded.
-- Pakningsstr compares packages only where all of the group have the same EnhetPakning; DDD always does.
with dager as (
    select
        byttegruppe,
        fra_dato as dag
    from vare_periode
    where byttegruppe is not null
    union
    select
        byttegruppe,
        cast(cast(til_dato as int) + 1 as date) as dag
    from vare_periode
    where byttegruppe is not null
),

biter as (
    select
        byttegruppe,
        dag as fra_dato,
        cast(cast(lead(dag) over (partition by byttegruppe order by dag) as int) - 1 as date) as til_dato
    from dager
),

pakninger as (
    select
        b.byttegruppe,
        b.fra_dato,
        b.til_dato,
        v.pakningsstr_tusendeler,
        v.ddd_tusendeler,
        case
            when v.trinnpris_ore > 0 then 2
            when v.markedsfort = 1 and v.aup_ore > 0 then 3
        end as referanse,
        case
            when v.trinnpris_ore > 0 then v.trinnpris_ore
            when v.markedsfort = 1 and v.aup_ore > 0 then v.aup_ore
        end as referanse_ore,
        case
            when
                min(v.enhet_pakning) over (partition by b.byttegruppe, b.fra_dato)
                = max(v.enhet_pakning) over (partition by b.byttegruppe, b.fra_dato)
                and count(v.enhet_pakning) over (partition by b.byttegruppe, b.fra_dato)
                = count(*) over (partition by b.byttegruppe, b.fra_dato)
                then 1
            else 0
        end as samme_enhet
    from biter as b
    inner join vare_periode as v
        on
            b.byttegruppe = v.byttegruppe
            and b.fra_dato between v.fra_dato and v.til_dato
),

per_enhet as (
    select
        byttegruppe,
        fra_dato,
        til_dato,
        unnest(
            case when samme_enhet = 1 then make_array(1, 2) else make_array(2) end
        ) as enhet,
        pakningsstr_tusendeler,
        ddd_tusendeler,
        referanse,
        referanse_ore
    from pakninger
),

rangert as (
    select
        byttegruppe,
        fra_dato,
        til_dato,
        enhet,
        referanse,
        referanse_ore,
        case enhet when 1 then pakningsstr_tusendeler else ddd_tusendeler end as referanse_tusendeler,
        row_number() over (
            partition by byttegruppe, fra_dato, enhet
            order by
                referanse asc nulls last,
                cast(referanse_ore as decimal(38, 20))
                / cast(case enhet when 1 then pakningsstr_tusendeler else ddd_tusendeler end as decimal(38, 0))
                asc nulls last,
                case enhet when 1 then pakningsstr_tusendeler else ddd_tusendeler end
        ) as nr
    from per_enhet
    where case enhet when 1 then pakningsstr_tusendeler else ddd_tusendeler end > 0
)

select
    cast($maaned as int) as maaned,
    byttegruppe,
    cast(enhet as tinyint) as enhet,
    fra_dato,
    til_dato,
    cast(referanse as tinyint) as referanse,
    referanse_ore,
    referanse_tusendeler
from rangert
where nr = 1
order by maaned, byttegruppe, enhet, fra_dato
