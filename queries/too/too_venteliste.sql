/*---
title = "Ventelistene i TOO: hvem som sto der, kom til og gikk ut, per steg, område og periode"
audience = "fylke"
grain = ["steg", "omraade", "periodetype", "periode"]
mappe = "fylkesnr"
versjon = 1
[columns.fylkesnr]
mangler = "raden gjelder et tidligere fylke eller ukjent fylke og ligger ikke i noen mappe"
[columns.inngaaende]
unit = "forløp"
[columns.kommet_til]
unit = "forløp"
[columns.overfort_inn]
unit = "forløp"
[columns.naadd]
unit = "forløp"
[columns.hoppet_over]
unit = "forløp"
[columns.ikke_kvalifisert]
unit = "forløp"
[columns.ferdigbehandlet]
unit = "forløp"
[columns.avbrutt_pasient]
unit = "forløp"
[columns.avbrutt_team]
unit = "forløp"
[columns.ikke_kontakt]
unit = "forløp"
[columns.flyttet]
unit = "forløp"
[columns.dod]
unit = "forløp"
[columns.uoppgitt]
unit = "forløp"
[columns.overfort_ut]
unit = "forløp"
[columns.utgaaende]
unit = "forløp"
[columns.n_fylker]
unit = "fylker"
mangler = "raden gjelder ett fylke"
[columns.forelopig]
unit = "0 nei, 1 ja"
[[avstemming]]
navn = "bestand_og_stroem"
sql = "select steg, periodetype from too_venteliste where inngaaende + kommet_til + overfort_inn - naadd - hoppet_over - ikke_kvalifisert - ferdigbehandlet - avbrutt_pasient - avbrutt_team - ikke_kontakt - flyttet - dod - uoppgitt - overfort_ut <> utgaaende"
viser = "steg"
melding = "the opening list with what came in and without what went out is not the closing list (C7)"
[[avstemming]]
navn = "utgaaende_er_ventende"
sql = "select l.steg from too_venteliste as l inner join too_ventetid as v on l.steg = v.steg and l.omraade = v.omraade and l.periodetype = v.periodetype and l.periode = v.periode where v.populasjon = 'ventende' and v.pauser = 'med' and v.n <> l.utgaaende"
viser = "steg"
melding = "the closing list is not those who wait in too_ventetid (C5, C7)"
[[avstemming]]
navn = "naadd_er_avviklet"
sql = "select l.steg, l.periodetype from too_venteliste as l inner join too_ventetid as v on l.steg = v.steg and l.omraade = v.omraade and l.periodetype = v.periodetype and l.periode = v.periode where v.populasjon = 'avviklet' and v.pauser = 'med' and v.n <> l.naadd"
viser = "steg"
melding = "those who reached Mb are not those whose wait ended in too_ventetid, county by county (C5, C6)"
[[avstemming]]
navn = "fylkene_er_landet"
sql = "select steg, periodetype, periode from too_venteliste group by steg, periodetype, periode having sum(case when omraade = 'landet' then inngaaende else -inngaaende end) <> 0 or sum(case when omraade = 'landet' then kommet_til else -kommet_til end) <> 0 or sum(case when omraade = 'landet' then overfort_inn else -overfort_inn end) <> 0 or sum(case when omraade = 'landet' then naadd else -naadd end) <> 0 or sum(case when omraade = 'landet' then hoppet_over else -hoppet_over end) <> 0 or sum(case when omraade = 'landet' then ikke_kvalifisert else -ikke_kvalifisert end) <> 0 or sum(case when omraade = 'landet' then ferdigbehandlet else -ferdigbehandlet end) <> 0 or sum(case when omraade = 'landet' then avbrutt_pasient else -avbrutt_pasient end) <> 0 or sum(case when omraade = 'landet' then avbrutt_team else -avbrutt_team end) <> 0 or sum(case when omraade = 'landet' then ikke_kontakt else -ikke_kontakt end) <> 0 or sum(case when omraade = 'landet' then flyttet else -flyttet end) <> 0 or sum(case when omraade = 'landet' then dod else -dod end) <> 0 or sum(case when omraade = 'landet' then uoppgitt else -uoppgitt end) <> 0 or sum(case when omraade = 'landet' then overfort_ut else -overfort_ut end) <> 0 or sum(case when omraade = 'landet' then utgaaende else -utgaaende end) <> 0"
viser = "steg"
melding = "the counties with 99 do not sum to the nation (C2)"
---*/
-- C7: opening + reached Ma + overfort_inn − reached Mb − ended (by cause) − hoppet_over − overfort_ut = closing. Flows of a
-- tertial or a year are those of its months. The nation's transfers are all counties' transfers.
with fylker as (
    select
        periodetype,
        periode,
        omraade,
        sum(case when fylkesnr = 99 then 0 else 1 end) as n_fylker
    from too_omraade
    where
        periodetype <> 'rullerende12'
        and omraade not like 'region_%'
    group by periodetype, periode, omraade
),

steg as (
    select unnest(make_array('m0_m1', 'm0_m4', 'm1_m2', 'm3_m4', 'narkose')) as steg
),

perioder as (
    select
        p.periodetype,
        p.periode,
        p.forelopig,
        m.periode as maaned,
        case when m.fra_dato = p.fra_dato then 1 else 0 end as foerste,
        case when m.til_dato = p.til_dato then 1 else 0 end as siste
    from too_periode as p
    inner join too_periode as m
        on
            m.fra_dato >= p.fra_dato
            and m.til_dato <= p.til_dato
            and m.periodetype = 'maaned'
    where p.periodetype <> 'rullerende12'
),

stroem as (
    select
        s.steg,
        o.omraade,
        p.periodetype,
        p.periode,
        sum(s.kommet_til) as kommet_til,
        sum(s.overfort_inn) as overfort_inn,
        sum(s.naadd) as naadd,
        sum(s.hoppet_over) as hoppet_over,
        sum(s.ikke_kvalifisert) as ikke_kvalifisert,
        sum(s.ferdigbehandlet) as ferdigbehandlet,
        sum(s.avbrutt_pasient) as avbrutt_pasient,
        sum(s.avbrutt_team) as avbrutt_team,
        sum(s.ikke_kontakt) as ikke_kontakt,
        sum(s.flyttet) as flyttet,
        sum(s.dod) as dod,
        sum(s.uoppgitt) as uoppgitt,
        sum(s.overfort_ut) as overfort_ut
    from perioder as p
    inner join too_omraade as o
        on
            p.periodetype = o.periodetype
            and p.periode = o.periode
    inner join too_venteliste_stroem as s
        on
            p.maaned = s.periode
            and o.fylkesnr = s.fylkesnr
    where o.omraade not like 'region_%'
    group by s.steg, o.omraade, p.periodetype, p.periode
),

bestand as (
    select
        b.steg,
        o.omraade,
        p.periodetype,
        p.periode,
        sum(b.inngaaende * p.foerste) as inngaaende,
        sum(b.utgaaende * p.siste) as utgaaende
    from perioder as p
    inner join too_omraade as o
        on
            p.periodetype = o.periodetype
            and p.periode = o.periode
    inner join too_venteliste_bestand as b
        on
            p.maaned = b.periode
            and o.fylkesnr = b.fylkesnr
    where o.omraade not like 'region_%'
    group by b.steg, o.omraade, p.periodetype, p.periode
),

dagens_fylker as (
    select lpad(cast(fylkesnr as varchar), 2, '0') as fylkesnr
    from fylke
    where struktur = 2024
)

select
    case when f.omraade = 'landet' then 'alle' else d.fylkesnr end as fylkesnr,
    g.steg,
    f.omraade,
    f.periodetype,
    f.periode,
    coalesce(b.inngaaende, 0) as inngaaende,
    coalesce(s.kommet_til, 0) as kommet_til,
    coalesce(s.overfort_inn, 0) as overfort_inn,
    coalesce(s.naadd, 0) as naadd,
    coalesce(s.hoppet_over, 0) as hoppet_over,
    coalesce(s.ikke_kvalifisert, 0) as ikke_kvalifisert,
    coalesce(s.ferdigbehandlet, 0) as ferdigbehandlet,
    coalesce(s.avbrutt_pasient, 0) as avbrutt_pasient,
    coalesce(s.avbrutt_team, 0) as avbrutt_team,
    coalesce(s.ikke_kontakt, 0) as ikke_kontakt,
    coalesce(s.flyttet, 0) as flyttet,
    coalesce(s.dod, 0) as dod,
    coalesce(s.uoppgitt, 0) as uoppgitt,
    coalesce(s.overfort_ut, 0) as overfort_ut,
    coalesce(b.utgaaende, 0) as utgaaende,
    case when f.omraade = 'landet' then f.n_fylker end as n_fylker,
    p.forelopig,
    'vist' as status
from fylker as f
cross join steg as g
inner join too_periode as p
    on
        f.periodetype = p.periodetype
        and f.periode = p.periode
left join stroem as s
    on
        g.steg = s.steg
        and f.omraade = s.omraade
        and f.periodetype = s.periodetype
        and f.periode = s.periode
left join bestand as b
    on
        g.steg = b.steg
        and f.omraade = b.omraade
        and f.periodetype = b.periodetype
        and f.periode = b.periode
left join dagens_fylker as d on f.omraade = d.fylkesnr
order by g.steg, f.omraade, f.periodetype, f.periode
