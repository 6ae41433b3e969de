/*---
title = "Hva et varenummer er, i vinduets siste FEST-uttrekk"
audience = "arbeid"
grain = ["varenr"]
versjon = 1
bygger_paa = ["reservasjon"]
[columns.varenr]
unit = "varenummer"
[columns.navn]
mangler = "FEST oppgir ikke NavnFormStyrke"
[columns.merkevare]
mangler = "FEST oppgir ingen merkevare"
---*/
-- B3: by Varenr, else by the number that a renumbered package had.
with nummer as (
    select
        p.varenr,
        1 as rang,
        p.pakning_id,
        p.navn_form_styrke,
        p.merkevare
    from fest_pakning as p
    inner join fest_siste as s
        on
            p.snapshot = s.snapshot
            and s.vindu = 1
    union all
    select
        p.varenr_utgaaende as varenr,
        2 as rang,
        p.pakning_id,
        p.navn_form_styrke,
        p.merkevare
    from fest_pakning as p
    inner join fest_siste as s
        on
            p.snapshot = s.snapshot
            and s.vindu = 1
    where p.varenr_utgaaende is not null
),

rangert as (
    select
        varenr,
        navn_form_styrke,
        merkevare,
        row_number() over (partition by varenr order by rang, pakning_id) as nr
    from nummer
)

select
    varenr,
    navn_form_styrke as navn,
    merkevare
from rangert
where nr = 1
order by varenr
