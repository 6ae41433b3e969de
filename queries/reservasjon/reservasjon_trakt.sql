/*---
title = "Trakten: hvor mye forholdet mellom observert og forventet varierer mellom leger"
audience = "lege"
grain = ["rekvirent_hpr", "forventet_fra"]
mappe = "rekvirent_hpr"
versjon = 1
kan_vaere_tom = "for få leger å sammenligne med, eller færre enn 12 måneder er levert"
[columns.rekvirent_hpr]
unit = "HPR-nummer"
[columns.forventet_fra]
unit = "forventede reservasjoner, fra og med"
[columns.forventet_til]
unit = "forventede reservasjoner, til"
mangler = "øverste gruppe er åpen"
[columns.trakt95_nedre]
unit = "forholdstall"
desimaler = 2
[columns.trakt95_ovre]
unit = "forholdstall"
desimaler = 2
[columns.trakt998_nedre]
unit = "forholdstall"
desimaler = 2
[columns.trakt998_ovre]
unit = "forholdstall"
desimaler = 2
[columns.n_leger]
unit = "leger"
mangler = "for få leger"
[columns.p10]
unit = "forholdstall"
desimaler = 1
mangler = "for få leger"
[columns.p25]
unit = "forholdstall"
desimaler = 1
mangler = "for få leger"
[columns.p50]
unit = "forholdstall"
desimaler = 1
mangler = "for få leger"
[columns.p75]
unit = "forholdstall"
desimaler = 1
mangler = "for få leger"
[columns.p90]
unit = "forholdstall"
desimaler = 1
mangler = "for få leger"
---*/
-- The funnel as it is drawn: limits (B7) at fixed expected numbers, the same for all, and behind them the percentiles
-- (A3) of the doctors between two such numbers, by B10's thresholds and to one decimal, so that no other doctor is seen.
select
    l.rekvirent_hpr,
    b.forventet_fra,
    b.forventet_til,
    b.trakt95_nedre,
    b.trakt95_ovre,
    b.trakt998_nedre,
    b.trakt998_ovre,
    case when b.antall >= $persentil_kvartil then b.antall end as n_leger,
    case when b.antall >= $persentil_desil then round(b.p10 * 10) / 10 end as p10,
    case when b.antall >= $persentil_kvartil then round(b.p25 * 10) / 10 end as p25,
    case when b.antall >= $persentil_kvartil then round(b.p50 * 10) / 10 end as p50,
    case when b.antall >= $persentil_kvartil then round(b.p75 * 10) / 10 end as p75,
    case when b.antall >= $persentil_desil then round(b.p90 * 10) / 10 end as p90,
    'vist' as status
from reservasjonsgrad_lege as l
cross join trakt_baand as b
order by l.rekvirent_hpr, b.forventet_fra
