/*---
title = "Reservasjoner og merutgift per byttegruppe og merkevare, siste 12 måneder"
audience = "intern"
grain = ["byttegruppe", "merkevare"]
versjon = 1
bygger_paa = ["reservasjon"]
krever_rettsgrunnlag = true
kan_vaere_tom = "færre enn 12 måneder er levert"
[columns.navn]
mangler = "byttegruppen er ikke i siste FEST-uttrekk"
[columns.forskrivninger]
unit = "forskrivninger, eller utleveringer når nummer mangler"
[columns.reservert]
unit = "forskrivninger, eller utleveringer når nummer mangler"
[columns.reservasjonsgrad]
unit = "andel"
between = [0, 1]
avledet_av = ["reservert", "forskrivninger"]
mangler = "ingen forskrivninger, bare senere utleveringer"
[columns.merutgift]
unit = "kr"
[columns.uten_referanse]
unit = "utleveringer som leger reserverte, uten referanse"
[columns.merutgift_listet]
unit = "kr"
[[avstemming]]
navn = "merkevarene_er_alle"
sql = "select 1 as funn from (select coalesce(sum(g.forskrivninger), 0) as n, coalesce(sum(g.merutgift_ore), 0) as kr from gruppe_vare_maaned as g inner join reservasjon_vindu as v on g.maaned between v.fra_maaned and v.til_maaned where v.teller_forskrivninger = 1) as a cross join (select coalesce(sum(l.n), 0) as n, coalesce(sum(l.merutgift_ore), 0) as kr from lege_gruppe as l inner join reservasjon_vindu as v on l.vindu = 1 and v.teller_forskrivninger = 1) as b where a.n <> b.n or a.kr <> b.kr"
melding = "medicines do not sum to the doctors (B9)"
---*/
-- Only brands that somebody reserved. What the listed doctors' reservations cost stands beside what all doctors' did.
with varer as (
    select
        g.byttegruppe,
        coalesce(n.merkevare, 'ukjent') as merkevare,
        sum(case when v.teller_forskrivninger = 1 then g.forskrivninger else g.utleveringer end) as n,
        sum(case when v.teller_forskrivninger = 1 then g.reservert else g.utleveringer_reservert end) as r,
        sum(g.utleveringer_reservert) as alle_reserverte,
        sum(g.merutgift_ore) as merutgift_ore,
        sum(g.uten_referanse) as uten_referanse
    from gruppe_vare_maaned as g
    inner join reservasjon_vindu as v
        on
            g.maaned between v.fra_maaned and v.til_maaned
            and v.komplett = 1
    left join vare_navn as n on g.varenr = n.varenr
    group by g.byttegruppe, coalesce(n.merkevare, 'ukjent')
),

listet as (
    select
        m.byttegruppe,
        coalesce(n.merkevare, 'ukjent') as merkevare,
        sum(coalesce(m.merutgift_ore, 0)) as merutgift_ore
    from linje_merutgift as m
    inner join reservasjon_kontroll as k on m.rekvirent_hpr = k.rekvirent_hpr
    inner join reservasjon_vindu as v on m.maaned between v.fra_maaned and v.til_maaned
    left join vare_navn as n on m.varenr = n.varenr
    group by m.byttegruppe, coalesce(n.merkevare, 'ukjent')
)

select
    case
        when a.byttegruppe < 1000000 then lpad(cast(a.byttegruppe as varchar), 6, '0')
        else cast(a.byttegruppe as varchar)
    end as byttegruppe,
    a.merkevare,
    b.navn,
    v.fra_maaned_tekst as fra_maaned,
    v.til_maaned_tekst as til_maaned,
    a.n as forskrivninger,
    a.r as reservert,
    cast(a.r as double) / nullif(cast(a.n as double), 0) as reservasjonsgrad,
    (a.merutgift_ore + 50) / 100 as merutgift,
    a.uten_referanse,
    (coalesce(l.merutgift_ore, 0) + 50) / 100 as merutgift_listet,
    'vist' as status
from varer as a
cross join reservasjon_vindu as v
left join listet as l
    on
        a.byttegruppe = l.byttegruppe
        and a.merkevare = l.merkevare
left join byttegruppe_varenavn as b on a.byttegruppe = b.byttegruppe
where a.alle_reserverte > 0
order by byttegruppe, a.merkevare
