/*---
title = "Reservasjonsgrad per lege, siste 12 måneder"
audience = "lege"
grain = ["rekvirent_hpr"]
mappe = "rekvirent_hpr"
versjon = 1
[columns.rekvirent_hpr]
unit = "HPR-nummer"
viser_til = ["lege.rekvirent_hpr"]
hoyst_promille = 0
[columns.forskrivninger]
unit = "forskrivninger"
mangler = "færre enn 12 måneder er levert, eller utleveringens nummer mangler"
[columns.reservert]
unit = "forskrivninger, eller utleveringer når nummer mangler"
mangler = "færre enn 12 måneder er levert"
[columns.reservasjonsgrad]
unit = "andel"
between = [0, 1]
avledet_av = ["reservert", "forskrivninger"]
mangler = "ingen forskrivninger i grunnlaget, eller færre enn 12 måneder er levert"
[columns.nedre]
unit = "andel"
between = [0, 1]
mangler = "ingen forskrivninger i grunnlaget, eller bare utleveringer kan telles"
[columns.ovre]
unit = "andel"
between = [0, 1]
mangler = "ingen forskrivninger i grunnlaget, eller bare utleveringer kan telles"
[columns.forventet]
unit = "forskrivninger"
desimaler = 1
mangler = "ingen forskrivninger i grunnlaget, eller færre enn 12 måneder er levert"
[columns.standardisert_ratio]
unit = "forholdstall"
desimaler = 2
mangler = "forventet antall er 0, eller færre enn 12 måneder er levert"
[columns.sr_nedre]
unit = "forholdstall"
desimaler = 2
mangler = "forventet antall er 0, eller bare utleveringer kan telles"
[columns.sr_ovre]
unit = "forholdstall"
desimaler = 2
mangler = "forventet antall er 0, eller bare utleveringer kan telles"
[columns.trakt95_nedre]
unit = "forholdstall"
desimaler = 2
mangler = "for lite grunnlag til å sammenligne, eller for få leger å sammenligne med"
[columns.trakt95_ovre]
unit = "forholdstall"
desimaler = 2
mangler = "for lite grunnlag til å sammenligne, eller for få leger å sammenligne med"
[columns.trakt998_ovre]
unit = "forholdstall"
desimaler = 2
mangler = "for lite grunnlag til å sammenligne, eller for få leger å sammenligne med"
[columns.utleveringer]
unit = "utleveringer"
mangler = "færre enn 12 måneder er levert"
[columns.utleveringer_ikke_lege]
unit = "utleveringer, skrevet da du ikke var registrert som lege"
mangler = "færre enn 12 måneder er levert"
[columns.utleveringer_andre]
unit = "utleveringer som ikke er i grunnlaget av andre grunner"
mangler = "færre enn 12 måneder er levert"
[columns.pakninger]
unit = "pakninger"
desimaler = 1
mangler = "færre enn 12 måneder er levert"
[columns.ddd]
unit = "DDD"
desimaler = 1
mangler = "færre enn 12 måneder er levert"
[columns.uten_ddd]
unit = "utleveringer"
mangler = "færre enn 12 måneder er levert"
[columns.reservert_pasient]
unit = "forskrivninger, eller utleveringer når nummer mangler"
mangler = "færre enn 12 måneder er levert"
[columns.reservert_apotek]
unit = "forskrivninger, eller utleveringer når nummer mangler"
mangler = "færre enn 12 måneder er levert"
[columns.virkestoff]
unit = "forskrivninger, eller utleveringer når nummer mangler"
mangler = "færre enn 12 måneder er levert"
[columns.reservasjonsgrad_med_virkestoff]
unit = "andel"
between = [0, 1]
mangler = "ingen forskrivninger i grunnlaget eller på virkestoff, eller færre enn 12 måneder er levert"
[columns.skrevet_siste]
unit = "forskrivninger, eller utleveringer når nummer mangler, forskrevet de siste månedene"
mangler = "færre enn 12 måneder er levert"
[columns.reservert_siste]
unit = "som skrevet_siste, reservert av legen"
mangler = "færre enn 12 måneder er levert"
[columns.merutgift]
unit = "kr"
desimaler = 0
mangler = "færre enn 12 måneder er levert"
[columns.uten_referanse]
unit = "utleveringer"
mangler = "færre enn 12 måneder er levert"
[columns.avvikende_pris]
unit = "utleveringer"
mangler = "færre enn 12 måneder er levert"
[columns.vurdering]
mangler = "færre enn 12 måneder er levert, eller for få leger å sammenligne med"
[columns.skiller_seg]
unit = "0 nei, 1 ja"
between = [0, 1]
mangler = "forventet antall er 0, eller bare utleveringer kan telles"
[[sjekk]]
navn = "utenfor_statistikk_tabell"
sql = "select rekvirent_hpr from lege_sum where vindu = 1 and r > 20000"
melding = "a doctor has more reservations than statistikk_tabell has limits for; extend the table, never extrapolate"
---*/
-- B6: Wilson's interval for the rate; exact Poisson limits for the standardised ratio. B12: who has a page.
with sider as (
    select distinct l.rekvirent_hpr
    from lege as l
    inner join reservasjon_vindu as v
        on
            l.gyldig_fra <= v.til_dato
            and coalesce(l.gyldig_til, date '9999-12-31') >= v.til_dato
),

tall as (
    select
        d.rekvirent_hpr,
        v.fra_maaned_tekst as fra_maaned,
        v.til_maaned_tekst as til_maaned,
        v.komplett,
        v.teller_forskrivninger,
        d.n,
        d.r,
        d.utleveringer,
        coalesce(u.ikke_lege, 0) as ikke_lege,
        coalesce(u.andre, 0) as andre,
        d.forventet,
        g.trakt95_nedre,
        g.trakt95_ovre,
        g.trakt998_ovre,
        m.reservert_pasient,
        m.reservert_apotek,
        m.virkestoff,
        cast(m.antall_tusendeler as double) / 1000 as pakninger,
        cast(m.ddd_mikro as double) / 1000000 as ddd,
        m.uten_ddd,
        cast(m.merutgift_ore as double) / 100 as merutgift,
        m.uten_referanse,
        m.n_siste,
        m.r_siste,
        m.avvikende_pris,
        case when d.n >= $trakt_forskrivninger and d.forventet >= $trakt_forventet then 1 else 0 end as nok,
        cast(d.n as double) as nd,
        cast(d.r as double) / nullif(cast(d.n as double), 0) as grad,
        case when d.forventet > 0 then d.forventet end as nevner,
        1.959964 as z
    from sider as s
    inner join lege_sum as d
        on
            s.rekvirent_hpr = d.rekvirent_hpr
            and d.vindu = 1
    inner join lege_mengde as m on s.rekvirent_hpr = m.rekvirent_hpr
    left join lege_utenfor as u on s.rekvirent_hpr = u.rekvirent_hpr
    left join trakt_grense as g
        on
            s.rekvirent_hpr = g.rekvirent_hpr
            and g.vindu = 1
    cross join reservasjon_vindu as v
    where d.linjer > 0
),

intervaller as (
    select
        t.rekvirent_hpr,
        t.fra_maaned,
        t.til_maaned,
        t.komplett,
        t.teller_forskrivninger,
        t.n,
        t.r,
        t.utleveringer,
        t.ikke_lege,
        t.andre,
        t.forventet,
        t.grad,
        t.trakt95_nedre,
        t.trakt95_ovre,
        t.trakt998_ovre,
        t.reservert_pasient,
        t.reservert_apotek,
        t.virkestoff,
        t.pakninger,
        t.ddd,
        t.uten_ddd,
        t.merutgift,
        t.uten_referanse,
        t.n_siste,
        t.r_siste,
        t.avvikende_pris,
        t.nok,
        case
            when t.r = 0 then 0.0
            when t.n > 0
                then
                    (
                        t.grad + t.z * t.z / (2 * t.nd)
                        - t.z * sqrt(t.grad * (1 - t.grad) / t.nd + t.z * t.z / (4 * t.nd * t.nd))
                    ) / (1 + t.z * t.z / t.nd)
        end as nedre,
        case
            when t.r = t.n then 1.0
            when t.n > 0
                then
                    (
                        t.grad + t.z * t.z / (2 * t.nd)
                        + t.z * sqrt(t.grad * (1 - t.grad) / t.nd + t.z * t.z / (4 * t.nd * t.nd))
                    ) / (1 + t.z * t.z / t.nd)
        end as ovre,
        cast(t.r as double) / t.nevner as standardisert_ratio,
        p.nedre / t.nevner as sr_nedre,
        p.ovre / t.nevner as sr_ovre
    from tall as t
    left join statistikk_tabell as p
        on
            t.r = p.noekkel
            and p.tabell = 'poisson95'
),

-- B8: "over" and "under" need both the funnel and, where there is one, the interval of chance.
vurdert as (
    select
        rekvirent_hpr,
        case
            when nok = 0 then 'for_lite_grunnlag'
            when trakt95_ovre is null then null
            when standardisert_ratio > trakt95_ovre and (teller_forskrivninger = 0 or sr_nedre > 1) then 'over'
            when standardisert_ratio < trakt95_nedre and (teller_forskrivninger = 0 or sr_ovre < 1) then 'under'
            else 'som_forventet'
        end as vurdering,
        case when sr_nedre > 1 or sr_ovre < 1 then 1 when sr_nedre <= 1 then 0 end as skiller_seg
    from intervaller
)

select
    i.rekvirent_hpr,
    i.fra_maaned,
    i.til_maaned,
    case when i.komplett = 1 and i.teller_forskrivninger = 1 then i.n end as forskrivninger,
    case when i.komplett = 1 then i.r end as reservert,
    case when i.komplett = 1 then i.grad end as reservasjonsgrad,
    case when i.komplett = 1 and i.teller_forskrivninger = 1 and i.n > 0 then i.nedre end as nedre,
    case when i.komplett = 1 and i.teller_forskrivninger = 1 and i.n > 0 then i.ovre end as ovre,
    case when i.komplett = 1 and i.n > 0 then i.forventet end as forventet,
    case when i.komplett = 1 and i.n > 0 then i.standardisert_ratio end as standardisert_ratio,
    case when i.komplett = 1 and i.teller_forskrivninger = 1 and i.n > 0 then i.sr_nedre end as sr_nedre,
    case when i.komplett = 1 and i.teller_forskrivninger = 1 and i.n > 0 then i.sr_ovre end as sr_ovre,
    case when i.komplett = 1 then i.trakt95_nedre end as trakt95_nedre,
    case when i.komplett = 1 then i.trakt95_ovre end as trakt95_ovre,
    case when i.komplett = 1 then i.trakt998_ovre end as trakt998_ovre,
    case when i.komplett = 1 then i.utleveringer end as utleveringer,
    case when i.komplett = 1 then i.ikke_lege end as utleveringer_ikke_lege,
    case when i.komplett = 1 then i.andre end as utleveringer_andre,
    case when i.komplett = 1 then i.pakninger end as pakninger,
    case when i.komplett = 1 then i.ddd end as ddd,
    case when i.komplett = 1 then i.uten_ddd end as uten_ddd,
    case when i.komplett = 1 then i.reservert_pasient end as reservert_pasient,
    case when i.komplett = 1 then i.reservert_apotek end as reservert_apotek,
    case when i.komplett = 1 then i.virkestoff end as virkestoff,
    case
        when i.komplett = 1 then cast(i.r as double) / nullif(cast(i.n + i.virkestoff as double), 0)
    end as reservasjonsgrad_med_virkestoff,
    case when i.komplett = 1 then i.n_siste end as skrevet_siste,
    case when i.komplett = 1 then i.r_siste end as reservert_siste,
    case when i.komplett = 1 then i.merutgift end as merutgift,
    case when i.komplett = 1 then i.uten_referanse end as uten_referanse,
    case when i.komplett = 1 then i.avvikende_pris end as avvikende_pris,
    case when i.komplett = 1 then v.vurdering end as vurdering,
    case when i.komplett = 1 and i.teller_forskrivninger = 1 and i.n > 0 then v.skiller_seg end as skiller_seg,
    case when i.komplett = 1 and i.n > 0 then 'vist' else 'mangler' end as status
from intervaller as i
inner join vurdert as v on i.rekvirent_hpr = v.rekvirent_hpr
order by i.rekvirent_hpr
