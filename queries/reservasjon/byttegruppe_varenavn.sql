/*---
title = "Hva en byttegruppe heter, og varenavnene i den"
audience = "arbeid"
grain = ["byttegruppe"]
versjon = 1
[columns.byttegruppe]
unit = "Byttegruppe/Kode@V"
[columns.navn]
mangler = "FEST oppgir ikke noe navn"
[columns.varenavn]
mangler = "FEST oppgir ingen merkevare"
---*/
-- Of the window's last snapshot. Only medicines: nothing here is about a doctor or a patient.
with merkevarer as (
    select distinct
        p.byttegruppe,
        p.merkevare
    from fest_pakning as p
    inner join fest_siste as s
        on
            p.snapshot = s.snapshot
            and s.vindu = 1
    where
        p.byttegruppe is not null
        and p.merkevare is not null
),

varenavn as (
    select
        byttegruppe,
        string_agg(merkevare, ', ' order by merkevare) as varenavn
    from merkevarer
    group by byttegruppe
)

select
    g.byttegruppe,
    g.navn,
    v.varenavn
from fest_byttegruppe as g
inner join fest_siste as s
    on
        g.snapshot = s.snapshot
        and s.vindu = 1
left join varenavn as v on g.byttegruppe = v.byttegruppe
order by g.byttegruppe
