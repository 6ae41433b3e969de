/*---
title = "Hver netto reseptlinje med sin klasse"
audience = "arbeid"
grain = ["maaned", "rekvirent_hpr", "varenr", "utleveringsdato", "linje_id"]
versjon = 1
inkrementell = true
[input]
utlevering = "egen_maaned"
[columns.maaned]
unit = "ååååmm"
[columns.rekvirent_hpr]
unit = "HPR-nummer"
[columns.varenr]
unit = "varenummer"
[columns.klasse]
unit = "1 maskert, 2 ikke_lege, 3 virkestoff, 4 fest_mangler, 5 ukjent_vare, 6 ikke_byttbar, 7 begrenset_bytte, 8 ingen_alternativ, 9 grunnlag"
between = [1, 9]
[columns.byttegruppe]
unit = "Byttegruppe/Kode@V; 0 når varen ikke er i noen"
[columns.forskrevet_maaned]
unit = "ååååmm"
[columns.fylkesnr]
unit = "to første sifre i kommunenummeret; 99 når legen ikke er kjent"
[columns.utlevering_nr]
unit = "utlevering nummer i resepten"
mangler = "ikke levert"
[columns.reservasjon]
unit = "0 ingen, 1 lege, 2 pasient, 3 apotek"
[columns.antall_tusendeler]
unit = "tusendels pakning, netto"
between = [1, 1e15]
[columns.ddd_mikro]
unit = "milliondels DDD, netto"
mangler = "FEST oppgir ikke Statistikkfaktor"
[columns.utsalgspris_ore]
unit = "øre, netto"
between = [0, 1e15]
---*/
-- B1 and B2: cancelled lines are out, returns are added to their line; each line gets the first class that fits.
-- B12: the county is that of the doctor's practice on the day that decides whether a doctor wrote it, by the code it had.
with virkninger as (
    select
        gjelder_linje_id,
        max(case when linjetype = 2 then 1 else 0 end) as annullert,
        sum(case when linjetype = 3 then antall_tusendeler else 0 end) as retur_tusendeler,
        sum(case when linjetype = 3 then utsalgspris_ore else 0 end) as retur_ore
    from korreksjon
    where status = 'virker'
    group by gjelder_linje_id
),

netto as (
    select
        u.maaned,
        u.rekvirent_hpr,
        u.varenr,
        u.utleveringsdato,
        u.linje_id,
        coalesce(u.forskrivningsdato, u.utleveringsdato) as rekvirert_dato,
        u.utlevering_nr,
        u.reservasjon,
        u.virkestoffrekvirering,
        u.antall_tusendeler + coalesce(v.retur_tusendeler, 0) as antall_tusendeler,
        u.utsalgspris_ore + coalesce(v.retur_ore, 0) as utsalgspris_ore
    from utlevering as u
    left join virkninger as v on u.linje_id = v.gjelder_linje_id
    where
        u.maaned = $maaned
        and u.linjetype = 1
        and coalesce(v.annullert, 0) = 0
        and u.antall_tusendeler + coalesce(v.retur_tusendeler, 0) > 0
)

select
    n.maaned,
    n.rekvirent_hpr,
    n.varenr,
    n.utleveringsdato,
    n.linje_id,
    cast(
        case
            when n.rekvirent_hpr in (0, 999999999) then 1
            when l.rekvirent_hpr is null then 2
            when n.virkestoffrekvirering = 1 then 3
            when d.snapshot is null then 4
            when v.varenr is null then 5
            when v.byttegruppe is null then 6
            when g.begrenset = 1 then 7
            when coalesce(g.antall_pakninger, 0) < 2 then 8
            else 9
        end as tinyint
    ) as klasse,
    coalesce(v.byttegruppe, 0) as byttegruppe,
    cast(date_part('year', n.rekvirert_dato) * 100 + date_part('month', n.rekvirert_dato) as int) as forskrevet_maaned,
    cast(coalesce(l.kommunenr / 100, 99) as smallint) as fylkesnr,
    n.utlevering_nr,
    n.reservasjon,
    n.antall_tusendeler,
    n.antall_tusendeler * v.ddd_tusendeler as ddd_mikro,
    n.utsalgspris_ore
from netto as n
left join lege_maaned as l
    on
        n.rekvirent_hpr = l.rekvirent_hpr
        and l.profesjon = 'LE'
        and n.rekvirert_dato between l.gyldig_fra and coalesce(l.gyldig_til, date '9999-12-31')
left join fest_dekning as d
    on
        n.maaned = d.maaned
        and n.utleveringsdato between d.fra_dato and d.til_dato
left join vare_periode as v
    on
        n.varenr = v.varenr
        and n.utleveringsdato between v.fra_dato and v.til_dato
left join byttegruppe_periode as g
    on
        v.byttegruppe = g.byttegruppe
        and n.utleveringsdato between g.fra_dato and g.til_dato
order by n.maaned, n.rekvirent_hpr, n.varenr, n.utleveringsdato, n.linje_id
