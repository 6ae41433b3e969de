/*---
title = "Hvor utbyggingen av TOO er kommet: dekning, kapasitet, ventetid og tilskudd, åpne tall"
audience = "offentlig"
grain = ["omraade", "aar", "indikator"]
dimensjoner = ["omraade", "aar", "indikator"]
versjon = 1
[columns.nevner]
unit = "det som telles, se indikatoren"
grunnlag = true
mangler = "ikke levert, eller skjult"
[columns.verdi]
unit = "se indikatoren"
desimaler = 3
mangler = "teller eller nevner mangler eller er skjult"
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
-- From public figures alone (too_indikator): D3, so nothing is shown of a county whose count is hidden. Sorted by county code:
-- the order says nothing of who has come far. `plassering` is where a value stands to the 95 per cent limits.
select
    t.omraade,
    t.aar,
    t.indikator,
    case when t.verdi is not null then t.nevner end as nevner,
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
where t.kilde = 'offentlig'
order by t.omraade, t.aar, t.indikator
