/*---
title = "Merutgift for hver linje i grunnlaget som legen reserverte"
audience = "arbeid"
grain = ["maaned", "rekvirent_hpr", "varenr", "utleveringsdato", "linje_id"]
versjon = 1
inkrementell = true
[columns.maaned]
unit = "ååååmm"
[columns.rekvirent_hpr]
unit = "HPR-nummer"
[columns.varenr]
unit = "varenummer"
[columns.byttegruppe]
unit = "Byttegruppe/Kode@V"
[columns.forskrevet_maaned]
unit = "ååååmm"
[columns.utlevering_nr]
unit = "utlevering nummer i resepten"
mangler = "ikke levert"
[columns.antall_tusendeler]
unit = "tusendels pakning, netto"
[columns.utsalgspris_ore]
unit = "øre, netto"
[columns.enhet]
unit = "1 Pakningsstr, 2 DDD"
between = [1, 2]
mangler = "pakningen har verken Pakningsstr som kan sammenlignes eller DDD"
[columns.referanse]
unit = "0 uten referanse, 1 egen trinnpris, 2 laveste trinnpris i gruppen, 3 laveste AUP blant markedsførte, 4 laveste tidel av prisen uten reservasjon"
between = [0, 4]
[columns.referanse_ore]
unit = "øre"
mangler = "ingen referanse"
[columns.referanse_mikro]
unit = "milliondels enhet som koster referanse_ore"
mangler = "ingen referanse"
[columns.merutgift_ore]
unit = "øre"
between = [0, 1e15]
mangler = "ingen referanse"
[columns.avvikende_pris]
unit = "0 nei, 1 ja"
between = [0, 1]
---*/
-- B4: max(0, price − units × reference), rounded once to whole øre, half away from zero. The reference is a price and
-- the units one gets for it, so that the difference is a fraction of integers.
-- B4 has no upper bound. A price that is many times the reference may be mistyped: it counts, and it is marked.
with reserverte as (
    select
        k.maaned,
        k.rekvirent_hpr,
        k.varenr,
        k.utleveringsdato,
        k.linje_id,
        k.byttegruppe,
        k.forskrevet_maaned,
        k.utlevering_nr,
        k.antall_tusendeler,
        k.utsalgspris_ore,
        v.trinnpris_ore,
        case
            when g.enhet is not null and v.pakningsstr_tusendeler > 0 then 1
            when v.ddd_tusendeler > 0 then 2
        end as enhet,
        case
            when g.enhet is not null and v.pakningsstr_tusendeler > 0 then v.pakningsstr_tusendeler
            when v.ddd_tusendeler > 0 then v.ddd_tusendeler
        end as storrelse_tusendeler
    from linje_klasse as k
    inner join vare_periode as v
        on
            k.varenr = v.varenr
            and k.utleveringsdato between v.fra_dato and v.til_dato
    left join byttegruppe_referanse as g
        on
            k.byttegruppe = g.byttegruppe
            and g.enhet = 1
            and k.utleveringsdato between g.fra_dato and g.til_dato
    where
        k.klasse = 9
        and k.reservasjon = 1
),

med_referanse as (
    select
        k.maaned,
        k.rekvirent_hpr,
        k.varenr,
        k.utleveringsdato,
        k.linje_id,
        k.byttegruppe,
        k.forskrevet_maaned,
        k.utlevering_nr,
        k.antall_tusendeler,
        k.utsalgspris_ore,
        k.enhet,
        case
            when k.enhet is null then 0
            when k.trinnpris_ore > 0 then 1
            when r.referanse is not null then r.referanse
            when p.referanse_ore is not null then 4
            else 0
        end as referanse,
        case
            when k.enhet is null then null
            when k.trinnpris_ore > 0 then k.trinnpris_ore
            when r.referanse is not null then r.referanse_ore
            else p.referanse_ore
        end as referanse_ore,
        case
            when k.enhet is null then null
            when k.trinnpris_ore > 0 then 1000 * k.storrelse_tusendeler
            when r.referanse is not null then 1000 * r.referanse_tusendeler
            else p.referanse_mikro
        end as referanse_mikro,
        cast(k.antall_tusendeler as decimal(38, 0)) * cast(k.storrelse_tusendeler as decimal(38, 0)) as enheter_mikro
    from reserverte as k
    left join byttegruppe_referanse as r
        on
            k.byttegruppe = r.byttegruppe
            and k.enhet = r.enhet
            and k.utleveringsdato between r.fra_dato and r.til_dato
    left join byttegruppe_linjepris as p
        on
            k.byttegruppe = p.byttegruppe
            and k.enhet = p.enhet
),

-- Price and reference, both in øre times `referanse_mikro`.
sammenholdt as (
    select
        maaned,
        rekvirent_hpr,
        varenr,
        utleveringsdato,
        linje_id,
        byttegruppe,
        forskrevet_maaned,
        utlevering_nr,
        antall_tusendeler,
        utsalgspris_ore,
        enhet,
        referanse,
        referanse_ore,
        referanse_mikro,
        cast(utsalgspris_ore as decimal(38, 0)) * cast(referanse_mikro as decimal(38, 0)) as betalt,
        enheter_mikro * cast(referanse_ore as decimal(38, 0)) as sammenlignet
    from med_referanse
)

select
    maaned,
    rekvirent_hpr,
    varenr,
    utleveringsdato,
    linje_id,
    byttegruppe,
    forskrevet_maaned,
    utlevering_nr,
    antall_tusendeler,
    utsalgspris_ore,
    cast(enhet as tinyint) as enhet,
    cast(referanse as tinyint) as referanse,
    referanse_ore,
    referanse_mikro,
    case
        when referanse = 0 then null
        when betalt <= sammenlignet then 0
        else
            cast(
                cast((betalt - sammenlignet) / cast(referanse_mikro as decimal(38, 0)) as decimal(38, 0)) as bigint
            )
    end as merutgift_ore,
    case
        when referanse > 0 and betalt > sammenlignet * cast($merutgift_avvik_ganger as decimal(38, 0)) then 1
        else 0
    end as avvikende_pris
from sammenholdt
order by maaned, rekvirent_hpr, varenr, utleveringsdato, linje_id
