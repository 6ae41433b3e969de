/*---
title = "Leger det kan være grunn til å se nærmere på: høy reservasjonsgrad og høy merutgift over tid"
audience = "intern"
grain = ["rekvirent_hpr"]
versjon = 1
bygger_paa = ["reservasjon"]
krever_rettsgrunnlag = true
kan_vaere_tom = "ingen lege fyller alle vilkårene, eller færre enn 24 måneder er levert"
[columns.rekvirent_hpr]
unit = "HPR-nummer"
[columns.forskrivninger]
unit = "forskrivninger, eller utleveringer når nummer mangler"
[columns.reservert]
unit = "forskrivninger, eller utleveringer når nummer mangler"
[columns.reservasjonsgrad]
unit = "andel"
between = [0, 1]
avledet_av = ["reservert", "forskrivninger"]
[columns.forventet]
unit = "forskrivninger, eller utleveringer når nummer mangler"
desimaler = 1
[columns.standardisert_ratio]
unit = "forholdstall"
desimaler = 2
[columns.trakt998_ovre]
unit = "forholdstall"
desimaler = 2
[columns.forrige_ratio]
unit = "forholdstall"
desimaler = 2
[columns.forrige_trakt998_ovre]
unit = "forholdstall"
desimaler = 2
[columns.merutgift]
unit = "kr"
[columns.merutgift_grense]
unit = "kr"
[columns.uten_referanse]
unit = "utleveringer som legen reserverte, uten referanse"
[columns.avvikende_pris]
unit = "utleveringer som legen reserverte, med uvanlig høy pris"
[columns.p]
unit = "sannsynlighet"
desimaler = 7
[columns.q]
unit = "andel"
between = [0, 1]
desimaler = 7
---*/
-- B9. A row is a reason to look, never a finding: `grunner` names the conditions it fulfils, which pages say in words.
select
    d.rekvirent_hpr,
    v.fra_maaned_tekst as fra_maaned,
    v.til_maaned_tekst as til_maaned,
    d.n as forskrivninger,
    d.r as reservert,
    cast(d.r as double) / nullif(cast(d.n as double), 0) as reservasjonsgrad,
    d.forventet,
    d.standardisert_ratio,
    d.trakt998_ovre,
    d.forrige_ratio,
    d.forrige_trakt998_ovre,
    (d.merutgift_ore + 50) / 100 as merutgift,
    (d.merutgift_grense_ore + 50) / 100 as merutgift_grense,
    d.uten_referanse,
    d.avvikende_pris,
    p.p,
    p.q,
    'over_grensen_to_aar, hoy_merutgift, lav_q' as grunner,
    'vist' as status
from kontroll_lege as d
inner join kontroll_p as p on d.rekvirent_hpr = p.rekvirent_hpr
cross join reservasjon_vindu as v
where
    d.over_naa = 1
    and d.over_foer = 1
    and d.dyr = 1
    and p.q * 1000 <= $kontroll_q_promille
order by d.rekvirent_hpr
