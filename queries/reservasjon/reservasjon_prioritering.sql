/*---
title = "Hvor informasjon om reservasjon kan bety mest: landet, virkestoff og byttegrupper, siste 12 måneder"
audience = "offentlig"
grain = ["nivaa", "kode"]
dimensjoner = ["nivaa", "kode"]
versjon = 1
kan_vaere_tom = "færre enn 12 måneder er levert, eller utleveringens nummer mangler"
[columns.atc]
mangler = "raden er ikke en byttegruppe, eller byttegruppen er ikke i siste FEST-uttrekk"
[columns.navn]
mangler = "raden er landet, eller ikke i siste FEST-uttrekk"
[columns.varenavn]
mangler = "raden er ikke en byttegruppe, eller byttegruppen er ikke i siste FEST-uttrekk"
[columns.n_leger]
unit = "leger"
mangler = "skjult av personvernhensyn"
[columns.forskrivninger]
unit = "forskrivninger"
mangler = "skjult av personvernhensyn"
grunnlag = true
storste = "storste_forskrivninger"
nest_storste = "nest_storste_forskrivninger"
[columns.reservert]
unit = "forskrivninger"
mangler = "skjult av personvernhensyn"
storste = "storste_reservert"
nest_storste = "nest_storste_reservert"
[columns.reservasjonsgrad]
unit = "andel"
between = [0, 1]
avledet_av = ["reservert", "forskrivninger"]
mangler = "skjult av personvernhensyn"
[columns.endring]
unit = "andel"
between = [-1, 1]
mangler = "skjult av personvernhensyn, eller ingen tall for de 12 månedene før som kan vises"
[columns.spredning]
unit = "forholdstall"
desimaler = 3
mangler = "raden er landet, skjult av personvernhensyn, eller for få leger har nok forskrivninger"
[columns.merutgift]
unit = "kr"
mangler = "skjult av personvernhensyn"
storste = "storste_merutgift"
nest_storste = "nest_storste_merutgift"
[columns.potensial]
unit = "kr"
mangler = "raden er landet, eller skjult av personvernhensyn"
storste = "storste_potensial"
nest_storste = "nest_storste_potensial"
[columns.storste_forskrivninger]
unit = "forskrivninger"
[columns.nest_storste_forskrivninger]
unit = "forskrivninger"
[columns.storste_reservert]
unit = "forskrivninger"
[columns.nest_storste_reservert]
unit = "forskrivninger"
[columns.storste_merutgift]
unit = "kr"
[columns.nest_storste_merutgift]
unit = "kr"
[columns.storste_potensial]
unit = "kr"
[columns.nest_storste_potensial]
unit = "kr"
[[avstemming]]
navn = "nivaaene_er_landet"
sql = "select 1 as funn from (select sum(n) as n, sum(r) as r from atc_tall where vindu = 1) as a cross join (select sum(n) as n, sum(r) as r from byttegruppe_tall where vindu = 1) as b cross join (select coalesce(sum(n), 0) as n, coalesce(sum(r), 0) as r from lege_sum where vindu = 1) as l cross join (select coalesce(sum(n), 0) as n, coalesce(sum(r), 0) as r from landet_tall where vindu = 1) as h where coalesce(a.n, 0) <> l.n or coalesce(a.r, 0) <> l.r or coalesce(b.n, 0) <> l.n or coalesce(b.r, 0) <> l.r or h.n <> l.n or h.r <> l.r"
melding = "substances or groups do not sum to the doctors (B11)"
---*/
-- B11. The nation stands first, as what the others are compared with. The trend is shown where both windows' rows may be: with the rate it gives the earlier one.
-- It does not tell that nothing was reserved then, or everything, where that is otherwise now (see byttegruppe_kant).
with stoffer as (
    select
        t.vindu,
        t.atc as kode,
        t.n_leger,
        t.n,
        t.r,
        t.merutgift_kr,
        t.potensial_kr,
        t.storste_n,
        t.nest_storste_n,
        t.storste_r,
        t.nest_storste_r,
        t.storste_merutgift_kr,
        t.nest_storste_merutgift_kr,
        t.storste_potensial_kr,
        t.nest_storste_potensial_kr,
        s.skjult,
        n.navn
    from atc_tall as t
    inner join atc_skjult as s
        on
            t.vindu = s.vindu
            and t.atc = s.atc
    left join atc_navn as n on t.atc = n.atc
),

grupper as (
    select
        t.vindu,
        t.kode,
        case when t.atc <> 'uten_atc' then t.atc end as atc,
        t.n_leger,
        t.n,
        t.r,
        t.merutgift_kr,
        t.potensial_kr,
        t.storste_n,
        t.nest_storste_n,
        t.storste_r,
        t.nest_storste_r,
        t.storste_merutgift_kr,
        t.nest_storste_merutgift_kr,
        t.storste_potensial_kr,
        t.nest_storste_potensial_kr,
        s.skjult,
        n.navn,
        n.varenavn
    from byttegruppe_tall as t
    inner join byttegruppe_skjult as s
        on
            t.vindu = s.vindu
            and t.byttegruppe = s.byttegruppe
    left join byttegruppe_varenavn as n on t.byttegruppe = n.byttegruppe
),

alle as (
    select
        'atc' as nivaa,
        vindu,
        kode,
        arrow_cast(null, 'Utf8') as atc,
        navn,
        arrow_cast(null, 'Utf8') as varenavn,
        n_leger,
        n,
        r,
        merutgift_kr,
        potensial_kr,
        storste_n,
        nest_storste_n,
        storste_r,
        nest_storste_r,
        storste_merutgift_kr,
        nest_storste_merutgift_kr,
        storste_potensial_kr,
        nest_storste_potensial_kr,
        skjult
    from stoffer
    union all
    select
        'byttegruppe' as nivaa,
        vindu,
        kode,
        atc,
        navn,
        varenavn,
        n_leger,
        n,
        r,
        merutgift_kr,
        potensial_kr,
        storste_n,
        nest_storste_n,
        storste_r,
        nest_storste_r,
        storste_merutgift_kr,
        nest_storste_merutgift_kr,
        storste_potensial_kr,
        nest_storste_potensial_kr,
        skjult
    from grupper
    union all
    select
        'landet' as nivaa,
        vindu,
        'alle' as kode,
        arrow_cast(null, 'Utf8') as atc,
        arrow_cast(null, 'Utf8') as navn,
        arrow_cast(null, 'Utf8') as varenavn,
        n_leger,
        n,
        r,
        merutgift_kr,
        arrow_cast(null, 'Int64') as potensial_kr,
        storste_n,
        nest_storste_n,
        storste_r,
        nest_storste_r,
        storste_merutgift_kr,
        nest_storste_merutgift_kr,
        0 as storste_potensial_kr,
        0 as nest_storste_potensial_kr,
        utrygg as skjult
    from landet_tall
),

naa as (
    select
        a.nivaa,
        a.kode,
        a.atc,
        a.navn,
        a.varenavn,
        w.fra_maaned_tekst as fra_maaned,
        w.til_maaned_tekst as til_maaned,
        a.n_leger,
        a.n,
        a.r,
        a.merutgift_kr,
        a.potensial_kr,
        a.storste_n,
        a.nest_storste_n,
        a.storste_r,
        a.nest_storste_r,
        a.storste_merutgift_kr,
        a.nest_storste_merutgift_kr,
        a.storste_potensial_kr,
        a.nest_storste_potensial_kr,
        a.skjult
    from alle as a
    cross join reservasjon_vindu as w
    where
        a.vindu = 1
        and a.n > 0
        and w.komplett = 1
        and w.teller_forskrivninger = 1
),

foer as (
    select
        a.nivaa,
        a.kode,
        a.r,
        a.n,
        cast(a.r as double) / cast(a.n as double) as grad
    from alle as a
    inner join reservasjon_vinduer as w
        on
            a.vindu = w.vindu
            and w.vindu = 2
            and w.komplett = 1
            and w.teller_forskrivninger = 1
    where
        a.n > 0
        and a.skjult = 0
)

select
    n.nivaa,
    n.kode,
    n.atc,
    n.navn,
    n.varenavn,
    n.fra_maaned,
    n.til_maaned,
    case when n.skjult = 0 then n.n_leger end as n_leger,
    case when n.skjult = 0 then n.n end as forskrivninger,
    case when n.skjult = 0 then n.r end as reservert,
    case when n.skjult = 0 then cast(n.r as double) / nullif(cast(n.n as double), 0) end as reservasjonsgrad,
    case
        when
            n.skjult = 0
            and (f.r > 0 or n.r = 0)
            and (f.r < f.n or n.r = n.n)
            then cast(n.r as double) / nullif(cast(n.n as double), 0) - f.grad
    end as endring,
    case when n.skjult = 0 then s.tau2 end as spredning,
    case when n.skjult = 0 then n.merutgift_kr end as merutgift,
    case when n.skjult = 0 then n.potensial_kr end as potensial,
    n.storste_n as storste_forskrivninger,
    n.nest_storste_n as nest_storste_forskrivninger,
    n.storste_r as storste_reservert,
    n.nest_storste_r as nest_storste_reservert,
    n.storste_merutgift_kr as storste_merutgift,
    n.nest_storste_merutgift_kr as nest_storste_merutgift,
    n.storste_potensial_kr as storste_potensial,
    n.nest_storste_potensial_kr as nest_storste_potensial,
    case when n.skjult = 1 then 'skjult' else 'vist' end as status
from naa as n
left join prioritering_spredning as s
    on
        n.nivaa = s.nivaa
        and n.kode = s.kode
left join foer as f
    on
        n.nivaa = f.nivaa
        and n.kode = f.kode
order by n.nivaa, n.kode
