/*---
title = "Dine forskrivninger, reservasjoner og merutgifter i hver byttegruppe"
audience = "lege"
grain = ["rekvirent_hpr", "byttegruppe"]
mappe = "rekvirent_hpr"
versjon = 1
kan_vaere_tom = "ingen byttbare legemidler, eller færre enn 12 måneder er levert"
[columns.rekvirent_hpr]
unit = "HPR-nummer"
viser_til = ["lege.rekvirent_hpr"]
hoyst_promille = 0
[columns.byttegruppe]
unit = "Byttegruppe/Kode@V"
[columns.legemiddel]
mangler = "byttegruppen er ikke i noe FEST-uttrekk fra før vinduets slutt"
[columns.atc]
mangler = "ingen pakning i byttegruppen har en ATC-kode på nivå 5"
[columns.virkestoff]
mangler = "ingen pakning i byttegruppen har en ATC-kode på nivå 5"
[columns.antall]
unit = "forskrivninger, eller utleveringer når nummer mangler"
[columns.reservert]
unit = "som antall, reservert av legen"
[columns.reservasjonsgrad]
unit = "andel"
between = [0, 1]
avledet_av = ["reservert", "antall"]
mangler = "bare senere uttak av resepter"
[columns.kolleger_andel]
unit = "andel"
between = [0, 1]
mangler = "for få andre leger har forskrevet i byttegruppen, eller én lege står for for mye"
[columns.kolleger]
mangler = "for få andre leger har forskrevet i byttegruppen, eller én lege står for for mye"
[columns.forventet]
unit = "som antall, forventet reservert"
desimaler = 1
[columns.over_forventet]
unit = "reservert minus forventet"
desimaler = 1
[columns.rekkefolge]
unit = "plass etter over_forventet blant legens byttegrupper, 1 er størst"
[columns.merutgift]
unit = "kr"
desimaler = 0
[columns.referanse]
mangler = "ingen reservert utlevering med referanse"
[columns.uten_referanse]
unit = "utleveringer"
[columns.avvikende_pris]
unit = "utleveringer"
---*/
-- B5: Σ forventet and Σ over_forventet over a doctor's groups are the doctor's own. B10: peers' rate in a group is that of
-- the funnel doctors of the same specialty, the reader among them, else that of all doctors, else none.
with rader as (
    select
        g.rekvirent_hpr,
        g.byttegruppe,
        g.n,
        g.r,
        g.merutgift_ore,
        g.referanse_fra,
        g.referanse_til,
        g.uten_referanse,
        g.avvikende_pris,
        coalesce(cast(g.n * s.stratum_r as double) / nullif(cast(s.stratum_n as double), 0), 0) as forventet,
        k.n as kolleger_n,
        k.r as kolleger_r,
        l.n as landet_n,
        l.r as landet_r,
        case
            when
                k.leger - case when t.rekvirent_hpr is not null and g.n > 0 then 1 else 0 end >= $kolleger_leger
                and k.storste * 100 <= k.n * $kolleger_storste_prosent
                then 'spesialitet'
            when
                l.leger - case when g.n > 0 then 1 else 0 end >= $kolleger_leger
                and l.storste * 100 <= l.n * $kolleger_storste_prosent
                then 'landet'
        end as kolleger
    from lege_gruppe as g
    inner join reservasjonsgrad_lege as p on g.rekvirent_hpr = p.rekvirent_hpr
    inner join reservasjon_vindu as v on v.komplett = 1
    left join stratum as s
        on
            s.vindu = 1
            and g.byttegruppe = s.byttegruppe
    left join lege_kjennetegn as e on g.rekvirent_hpr = e.rekvirent_hpr
    left join byttegruppe_kolleger as k
        on
            e.spesialitet = k.spesialitet
            and g.byttegruppe = k.byttegruppe
    left join byttegruppe_landet as l on g.byttegruppe = l.byttegruppe
    left join trakt_lege as t
        on
            g.rekvirent_hpr = t.rekvirent_hpr
            and t.vindu = 1
    where
        g.vindu = 1
        and g.utleveringer > 0
)

select
    r.rekvirent_hpr,
    case
        when r.byttegruppe < 1000000 then lpad(cast(r.byttegruppe as varchar), 6, '0')
        else cast(r.byttegruppe as varchar)
    end as byttegruppe,
    b.navn as legemiddel,
    b.atc,
    b.virkestoff,
    r.n as antall,
    r.r as reservert,
    cast(r.r as double) / nullif(cast(r.n as double), 0) as reservasjonsgrad,
    case r.kolleger
        when 'spesialitet' then cast(r.kolleger_r as double) / nullif(cast(r.kolleger_n as double), 0)
        when 'landet' then cast(r.landet_r as double) / nullif(cast(r.landet_n as double), 0)
    end as kolleger_andel,
    r.kolleger,
    r.forventet,
    r.r - r.forventet as over_forventet,
    cast(
        row_number() over (partition by r.rekvirent_hpr order by r.r - r.forventet desc, r.byttegruppe) as bigint
    ) as rekkefolge,
    cast(r.merutgift_ore as double) / 100 as merutgift,
    case
        when r.referanse_fra <> r.referanse_til then 'flere'
        when r.referanse_fra = 1 then 'egen_trinnpris'
        when r.referanse_fra = 2 then 'laveste_trinnpris'
        when r.referanse_fra = 3 then 'laveste_aup'
        when r.referanse_fra = 4 then 'laveste_tidel'
    end as referanse,
    r.uten_referanse,
    r.avvikende_pris,
    'vist' as status
from rader as r
left join byttegruppe_navn as b on r.byttegruppe = b.byttegruppe
order by rekvirent_hpr, byttegruppe
