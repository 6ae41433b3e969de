/*---
title = "Hva et virkestoff heter (ATC-nivå 5)"
audience = "arbeid"
grain = ["atc"]
versjon = 1
---*/
-- Of the window's last snapshot; where packages differ, the first by the alphabet.
select
    p.atc,
    min(p.atc_navn) as navn
from fest_pakning as p
inner join fest_siste as s
    on
        p.snapshot = s.snapshot
        and s.vindu = 1
where
    p.atc is not null
    and p.atc_navn is not null
group by p.atc
order by p.atc
