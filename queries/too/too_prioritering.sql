/*---
title = "Hvor utbyggingen av TOO er kommet: dekning, kapasitet, ventetid og tilskudd"
audience = "fylke"
grain = ["omraade", "aar", "indikator"]
mappe = "fylkesnr"
versjon = 1
[columns.fylkesnr]
mangler = "raden gjelder et tidligere fylke og ligger ikke i noen mappe"
[columns.teller]
unit = "det som telles, se indikatoren"
mangler = "ikke levert"
[columns.nevner]
unit = "det som telles, se indikatoren"
mangler = "ikke levert"
[columns.verdi]
unit = "se indikatoren"
desimaler = 3
mangler = "teller eller nevner mangler, eller nevneren er 0"
[columns.samlet]
unit = "se indikatoren"
desimaler = 3
mangler = "ikke kjent for alle regionene"
[columns.nedre_95]
unit = "se indikatoren"
desimaler = 3
mangler = "indikatoren er ingen andel eller rate av forløp eller timer, eller tallene mangler"
[columns.ovre_95]
unit = "se indikatoren"
desimaler = 3
mangler = "indikatoren er ingen andel eller rate av forløp eller timer, eller tallene mangler"
[columns.nedre_998]
unit = "se indikatoren"
desimaler = 3
mangler = "indikatoren er ingen andel eller rate av forløp eller timer, eller tallene mangler"
[columns.ovre_998]
unit = "se indikatoren"
desimaler = 3
mangler = "indikatoren er ingen andel eller rate av forløp eller timer, eller tallene mangler"
[columns.plassering]
mangler = "indikatoren har ingen traktgrenser, eller tallene mangler"
---*/
-- To see who has come the shortest way and waits the longest. Sorted by county code: the order says nothing of who has come
-- far. `plassering` is where a value stands to the 95 per cent limits; inside them, chance is explanation enough.
with dagens_fylker as (
    select lpad(cast(fylkesnr as varchar), 2, '0') as fylkesnr
    from fylke
    where struktur = 2024
)

select
    f.fylkesnr,
    t.omraade,
    t.aar,
    t.indikator,
    t.teller,
    t.nevner,
    t.verdi,
    t.samlet,
    t.nedre_95,
    t.ovre_95,
    t.nedre_998,
    t.ovre_998,
    case
        when t.verdi < t.nedre_95 then 'under'
        when t.verdi > t.ovre_95 then 'over'
        when t.nedre_95 is not null and t.ovre_95 is not null then 'innenfor'
    end as plassering,
    case when t.verdi is null then 'mangler' else 'vist' end as status
from too_indikator_trakt as t
left join dagens_fylker as f on t.omraade = f.fylkesnr
where t.kilde = 'eget'
order by t.omraade, t.aar, t.indikator
