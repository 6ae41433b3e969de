/*---
title = "Voksne per fylke 1. januar"
audience = "arbeid"
grain = ["aar", "fylkesnr"]
versjon = 1
[columns.aar]
unit = "år"
[columns.fylkesnr]
unit = "fylkesnummer"
[columns.voksne]
unit = "personer"
---*/
-- C11. A county whose age groups go across the limit has no row: its adults cannot be counted.
with grenser as (
    select
        b.aar,
        b.fylkesnr,
        b.alder_fra,
        b.alder_til,
        b.antall,
        v.eldre_enn,
        row_number() over (partition by b.aar, b.fylkesnr, b.alder_fra order by v.gyldig_fra desc) as bakfra
    from befolkning as b
    inner join too_voksen as v on make_date(cast(b.aar as int), 1, 1) >= v.gyldig_fra
)

select
    aar,
    fylkesnr,
    sum(case when alder_fra > eldre_enn then antall else 0 end) as voksne
from grenser
where bakfra = 1
group by aar, fylkesnr
having
    sum(case when alder_fra <= eldre_enn and coalesce(alder_til, 999) > eldre_enn then 1 else 0 end) = 0
    and sum(case when alder_fra > eldre_enn then antall else 0 end) > 0
order by aar, fylkesnr
