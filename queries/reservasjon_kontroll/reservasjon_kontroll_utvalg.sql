/*---
title = "Reserverte linjer trukket for hver lege på kontrollisten"
audience = "intern"
grain = ["rekvirent_hpr", "nr"]
versjon = 1
bygger_paa = ["reservasjon"]
krever_rettsgrunnlag = true
kan_vaere_tom = "ingen lege er på kontrollisten"
[columns.rekvirent_hpr]
unit = "HPR-nummer"
[columns.nr]
unit = "linjens nummer i trekningen"
between = [1, 1000]
[columns.reserverte]
unit = "linjer det ble trukket av"
[columns.navn]
mangler = "ikke i siste FEST-uttrekk"
[columns.merutgift]
unit = "kr"
mangler = "ingen referanse"
---*/
-- Helfo's design of 2015: so many reserved lines of each listed doctor. The draw follows from the seed, the window and the
-- line's reference alone, so that it can be done again and nobody chose the lines.
with reserverte as (
    select
        l.rekvirent_hpr,
        l.linje_id,
        l.utleveringsdato,
        l.varenr,
        l.byttegruppe,
        l.merutgift_ore,
        md5(
            concat(
                cast($utvalg_fro as varchar), '|', k.til_maaned, '|', l.linje_id, '|', cast(l.utleveringsdato as varchar)
            )
        ) as lodd
    from linje_merutgift as l
    inner join reservasjon_kontroll as k on l.rekvirent_hpr = k.rekvirent_hpr
    inner join reservasjon_vindu as v on l.maaned between v.fra_maaned and v.til_maaned
),

trukket as (
    select
        rekvirent_hpr,
        linje_id,
        utleveringsdato,
        varenr,
        byttegruppe,
        merutgift_ore,
        row_number() over (partition by rekvirent_hpr order by lodd, utleveringsdato, linje_id) as nr,
        count(*) over (partition by rekvirent_hpr) as reserverte
    from reserverte
)

select
    t.rekvirent_hpr,
    t.nr,
    t.reserverte,
    t.linje_id,
    t.utleveringsdato,
    lpad(cast(t.varenr as varchar), 6, '0') as varenr,
    case
        when t.byttegruppe < 1000000 then lpad(cast(t.byttegruppe as varchar), 6, '0')
        else cast(t.byttegruppe as varchar)
    end as byttegruppe,
    n.navn,
    (t.merutgift_ore + 50) / 100 as merutgift,
    'vist' as status
from trukket as t
left join vare_navn as n on t.varenr = n.varenr
where t.nr <= $utvalg_linjer
order by t.rekvirent_hpr, t.nr
