/*---
title = "Annulleringer og returer som gjelder en måneds linjer, og om de virker"
audience = "arbeid"
grain = ["maaned", "utleveringsdato", "linje_id"]
versjon = 1
inkrementell = true
[input]
utlevering = "maaned"
[columns.maaned]
unit = "ååååmm"
[columns.rekvirent_hpr]
unit = "HPR-nummer"
[columns.linjetype]
unit = "2 annullering, 3 retur"
[columns.antall_tusendeler]
unit = "tusendels pakning"
[columns.utsalgspris_ore]
unit = "øre"
---*/
-- B2. The line X is looked for by its id in the delivery of the month of gjelder_utleveringsdato. No return may give
-- back more than X holds, neither packages nor kroner.
with korreksjoner as (
    select
        linje_id,
        linjetype,
        utleveringsdato,
        gjelder_linje_id,
        gjelder_utleveringsdato,
        rekvirent_hpr,
        varenr,
        antall_tusendeler,
        utsalgspris_ore
    from utlevering
    where
        linjetype in (2, 3)
        and gjelder_utleveringsdato between $maaned_start and $maaned_slutt
),

linjer as (
    select
        linje_id,
        linjetype,
        utleveringsdato,
        rekvirent_hpr,
        varenr,
        antall_tusendeler,
        utsalgspris_ore
    from utlevering
    where maaned = $maaned
),

sammenholdt as (
    select
        k.linje_id,
        k.linjetype,
        k.utleveringsdato,
        k.gjelder_linje_id,
        k.rekvirent_hpr,
        k.antall_tusendeler,
        k.utsalgspris_ore,
        x.antall_tusendeler as x_antall,
        x.utsalgspris_ore as x_ore,
        case
            when x.linje_id is null then 'referanse_ukjent'
            when k.linjetype = 2 and x.linjetype = 2 then 'avvist_annullering_av_annullering'
            when x.linjetype <> 1 then 'avvist_gjelder_ikke_utlevering'
            when
                x.utleveringsdato <> k.gjelder_utleveringsdato
                or x.rekvirent_hpr <> k.rekvirent_hpr
                or x.varenr <> k.varenr
                or (
                    k.linjetype = 2
                    and (x.antall_tusendeler <> -k.antall_tusendeler or x.utsalgspris_ore <> -k.utsalgspris_ore)
                )
                then 'avvist_avvik'
            else 'virker'
        end as status
    from korreksjoner as k
    left join linjer as x on k.gjelder_linje_id = x.linje_id
),

veid as (
    select
        linje_id,
        linjetype,
        utleveringsdato,
        gjelder_linje_id,
        rekvirent_hpr,
        antall_tusendeler,
        utsalgspris_ore,
        status,
        row_number() over (
            partition by gjelder_linje_id, linjetype, status
            order by utleveringsdato, linje_id
        ) as nr,
        max(case when linjetype = 2 and status = 'virker' then 1 else 0 end) over (
            partition by gjelder_linje_id
        ) as annullert,
        x_antall + sum(case when linjetype = 3 and status = 'virker' then antall_tusendeler else 0 end) over (
            partition by gjelder_linje_id
        ) as netto_tusendeler,
        x_ore + sum(case when linjetype = 3 and status = 'virker' then utsalgspris_ore else 0 end) over (
            partition by gjelder_linje_id
        ) as netto_ore
    from sammenholdt
)

select
    cast($maaned as int) as maaned,
    utleveringsdato,
    linje_id,
    linjetype,
    gjelder_linje_id,
    rekvirent_hpr,
    antall_tusendeler,
    utsalgspris_ore,
    case
        when status <> 'virker' then status
        when linjetype = 2 and nr > 1 then 'avvist_dobbel_annullering'
        when linjetype = 3 and (annullert = 1 or netto_tusendeler < 0 or netto_ore < 0) then 'avvist_netto_negativ'
        else 'virker'
    end as status
from veid
order by maaned, utleveringsdato, linje_id
