/*---
title = "Gjennomføring i TOO: hva det ble av forløpene som ble henvist et år"
audience = "fylke"
grain = ["omraade", "kohort"]
mappe = "fylkesnr"
versjon = 1
[columns.fylkesnr]
mangler = "raden gjelder en region, et tidligere fylke eller ukjent fylke og ligger ikke i noen mappe"
[columns.henviste]
unit = "forløp henvist i året"
[columns.naadd_m1]
unit = "forløp"
[columns.naadd_m2]
unit = "forløp"
[columns.naadd_m3]
unit = "forløp"
[columns.naadd_m4]
unit = "forløp"
[columns.naadd_m5]
unit = "forløp"
[columns.slutt_ferdigbehandlet]
unit = "forløp"
[columns.slutt_avbrutt_pasient]
unit = "forløp"
[columns.slutt_avbrutt_team]
unit = "forløp"
[columns.slutt_ikke_kontakt]
unit = "forløp"
[columns.slutt_flyttet]
unit = "forløp"
[columns.slutt_dod]
unit = "forløp"
[columns.slutt_uten_aarsak]
unit = "forløp"
[columns.slutt_ikke_kvalifisert_vurdert]
unit = "forløp"
[columns.slutt_ikke_kvalifisert_papir]
unit = "forløp"
[columns.aapne]
unit = "forløp"
[columns.aapne_over_12_mnd]
unit = "forløp"
[columns.aapne_over_24_mnd]
unit = "forløp"
[columns.ferdig_odontologisk]
unit = "ferdigbehandlede forløp"
[columns.ferdig_psykologisk]
unit = "ferdigbehandlede forløp"
[columns.ferdig_begge]
unit = "ferdigbehandlede forløp"
[columns.tilbakesendt]
unit = "forløp sendt tilbake til team minst én gang"
[columns.somlos]
unit = "forløp"
[columns.andel_naadd_m1]
unit = "andel"
between = [0, 1]
avledet_av = ["naadd_m1", "henviste"]
mangler = "ingen er henvist"
[columns.andel_naadd_m4]
unit = "andel"
between = [0, 1]
avledet_av = ["naadd_m4", "henviste"]
mangler = "ingen er henvist"
[columns.andel_ferdigbehandlet]
unit = "andel"
between = [0, 1]
avledet_av = ["slutt_ferdigbehandlet", "henviste"]
mangler = "ingen er henvist"
[columns.n_fylker]
unit = "fylker"
mangler = "raden gjelder ett fylke"
[[sjekk]]
navn = "delene_er_alle"
sql = "select 1 as funn from too_gjennomforing where naadd_m5 + aapne <> henviste or slutt_ferdigbehandlet + slutt_avbrutt_pasient + slutt_avbrutt_team + slutt_ikke_kontakt + slutt_flyttet + slutt_dod + slutt_uten_aarsak + slutt_ikke_kvalifisert_vurdert + slutt_ikke_kvalifisert_papir <> naadd_m5 or aapne_over_24_mnd > aapne_over_12_mnd or aapne_over_12_mnd > aapne or ferdig_begge > ferdig_odontologisk or ferdig_begge > ferdig_psykologisk or greatest(ferdig_odontologisk, ferdig_psykologisk) > slutt_ferdigbehandlet"
melding = "how courses ended and those that are open do not sum to all, or a part is larger than its whole"
[[sjekk]]
navn = "fylkene_er_landet"
sql = "select 1 as funn from too_gjennomforing group by kohort having sum(case when length(omraade) = 2 then henviste when omraade = 'landet' then -henviste else 0 end) <> 0 or sum(case when length(omraade) = 2 then naadd_m1 when omraade = 'landet' then -naadd_m1 else 0 end) <> 0 or sum(case when length(omraade) = 2 then naadd_m2 when omraade = 'landet' then -naadd_m2 else 0 end) <> 0 or sum(case when length(omraade) = 2 then naadd_m3 when omraade = 'landet' then -naadd_m3 else 0 end) <> 0 or sum(case when length(omraade) = 2 then naadd_m4 when omraade = 'landet' then -naadd_m4 else 0 end) <> 0 or sum(case when length(omraade) = 2 then naadd_m5 when omraade = 'landet' then -naadd_m5 else 0 end) <> 0 or sum(case when length(omraade) = 2 then slutt_ferdigbehandlet when omraade = 'landet' then -slutt_ferdigbehandlet else 0 end) <> 0 or sum(case when length(omraade) = 2 then slutt_avbrutt_pasient when omraade = 'landet' then -slutt_avbrutt_pasient else 0 end) <> 0 or sum(case when length(omraade) = 2 then slutt_avbrutt_team when omraade = 'landet' then -slutt_avbrutt_team else 0 end) <> 0 or sum(case when length(omraade) = 2 then slutt_ikke_kontakt when omraade = 'landet' then -slutt_ikke_kontakt else 0 end) <> 0 or sum(case when length(omraade) = 2 then slutt_flyttet when omraade = 'landet' then -slutt_flyttet else 0 end) <> 0 or sum(case when length(omraade) = 2 then slutt_dod when omraade = 'landet' then -slutt_dod else 0 end) <> 0 or sum(case when length(omraade) = 2 then slutt_uten_aarsak when omraade = 'landet' then -slutt_uten_aarsak else 0 end) <> 0 or sum(case when length(omraade) = 2 then slutt_ikke_kvalifisert_vurdert when omraade = 'landet' then -slutt_ikke_kvalifisert_vurdert else 0 end) <> 0 or sum(case when length(omraade) = 2 then slutt_ikke_kvalifisert_papir when omraade = 'landet' then -slutt_ikke_kvalifisert_papir else 0 end) <> 0 or sum(case when length(omraade) = 2 then aapne when omraade = 'landet' then -aapne else 0 end) <> 0 or sum(case when length(omraade) = 2 then aapne_over_12_mnd when omraade = 'landet' then -aapne_over_12_mnd else 0 end) <> 0 or sum(case when length(omraade) = 2 then aapne_over_24_mnd when omraade = 'landet' then -aapne_over_24_mnd else 0 end) <> 0 or sum(case when length(omraade) = 2 then ferdig_odontologisk when omraade = 'landet' then -ferdig_odontologisk else 0 end) <> 0 or sum(case when length(omraade) = 2 then ferdig_psykologisk when omraade = 'landet' then -ferdig_psykologisk else 0 end) <> 0 or sum(case when length(omraade) = 2 then ferdig_begge when omraade = 'landet' then -ferdig_begge else 0 end) <> 0 or sum(case when length(omraade) = 2 then tilbakesendt when omraade = 'landet' then -tilbakesendt else 0 end) <> 0 or sum(case when length(omraade) = 2 then somlos when omraade = 'landet' then -somlos else 0 end) <> 0"
melding = "the counties with 99 do not sum to the nation (C2)"
[[avstemming]]
navn = "henviste_som_i_henvisning"
sql = "select 1 as funn from too_gjennomforing as g inner join too_henvisning as h on g.omraade = h.omraade and g.kohort = h.periode where h.periodetype = 'aar' and g.henviste <> h.henviste"
melding = "referrals of a year differ from those of too_henvisning"
---*/
-- C3, C4 and C11. Cohort = the year of M0, county at M0. What became of the courses is told as far as is known: an open one
-- is as old as the last complete month of the county where it is now (C6). Over 12 months: the day is after the one with the
-- same date a year later. Completion by the two tests is told of those that ended as completed.
with siste_maaned as (
    select
        periode,
        til_dato,
        row_number() over (order by til_dato desc) as bakfra
    from too_periode
    where periodetype = 'maaned'
),

forlop as (
    select
        f.forlop_id,
        f.forlop_nr,
        f.m0,
        f.m1,
        f.m2,
        f.m3,
        f.m4,
        f.m5,
        f.somlos,
        f.tilbakesendt,
        k.slutt,
        k.ferdig_odontologisk,
        k.ferdig_psykologisk,
        p.periode as kohort,
        s.fylkesnr,
        least(coalesce(naa.komplett_dato, da.komplett_dato), m.til_dato) as kjent_til
    from too_forlop as f
    inner join too_forlop_kjennetegn as k
        on
            f.forlop_id = k.forlop_id
            and f.forlop_nr = k.forlop_nr
    inner join too_periode as p
        on
            f.m0 between p.fra_dato and p.til_dato
            and p.periodetype = 'aar'
    inner join too_hendelse_fase as foerste
        on
            f.forlop_id = foerste.forlop_id
            and k.foerste_nr = foerste.nr
    inner join too_hendelse_fase as siste
        on
            f.forlop_id = siste.forlop_id
            and k.siste_nr = siste.nr
    inner join too_fylke_i_periode as s
        on
            p.periode = s.periode
            and s.periodetype = 'aar'
            and foerste.fylkesnr = s.levert_fylkesnr
            and foerste.enhet_orgnr = s.enhet_orgnr
    inner join siste_maaned as m on m.bakfra = 1
    inner join too_fylke_i_periode as n
        on
            m.periode = n.periode
            and n.periodetype = 'maaned'
            and siste.fylkesnr = n.levert_fylkesnr
            and siste.enhet_orgnr = n.enhet_orgnr
    left join too_komplett as naa on n.fylkesnr = naa.fylkesnr
    left join too_komplett as da on siste.fylkesnr = da.fylkesnr
),

per_fylke as (
    select
        kohort,
        fylkesnr,
        count(*) as henviste,
        count(m1) as naadd_m1,
        count(m2) as naadd_m2,
        count(m3) as naadd_m3,
        count(m4) as naadd_m4,
        count(m5) as naadd_m5,
        sum(case when slutt = 1 then 1 else 0 end) as slutt_ferdigbehandlet,
        sum(case when slutt = 2 then 1 else 0 end) as slutt_avbrutt_pasient,
        sum(case when slutt = 3 then 1 else 0 end) as slutt_avbrutt_team,
        sum(case when slutt = 4 then 1 else 0 end) as slutt_ikke_kontakt,
        sum(case when slutt = 5 then 1 else 0 end) as slutt_flyttet,
        sum(case when slutt = 6 then 1 else 0 end) as slutt_dod,
        sum(case when slutt = 0 then 1 else 0 end) as slutt_uten_aarsak,
        sum(case when slutt = 9 and m1 is not null then 1 else 0 end) as slutt_ikke_kvalifisert_vurdert,
        sum(case when slutt = 9 and m1 is null then 1 else 0 end) as slutt_ikke_kvalifisert_papir,
        sum(case when m5 is null then 1 else 0 end) as aapne,
        sum(case when m5 is null and kjent_til > m0 + interval '12 months' then 1 else 0 end) as aapne_over_12_mnd,
        sum(case when m5 is null and kjent_til > m0 + interval '24 months' then 1 else 0 end) as aapne_over_24_mnd,
        sum(case when slutt = 1 then ferdig_odontologisk else 0 end) as ferdig_odontologisk,
        sum(case when slutt = 1 then ferdig_psykologisk else 0 end) as ferdig_psykologisk,
        sum(case when slutt = 1 then ferdig_odontologisk * ferdig_psykologisk else 0 end) as ferdig_begge,
        sum(case when tilbakesendt > 0 then 1 else 0 end) as tilbakesendt,
        sum(somlos) as somlos
    from forlop
    group by kohort, fylkesnr
),

omraader as (
    select
        o.periode,
        o.omraade,
        sum(f.henviste) as henviste,
        sum(f.naadd_m1) as naadd_m1,
        sum(f.naadd_m2) as naadd_m2,
        sum(f.naadd_m3) as naadd_m3,
        sum(f.naadd_m4) as naadd_m4,
        sum(f.naadd_m5) as naadd_m5,
        sum(f.slutt_ferdigbehandlet) as slutt_ferdigbehandlet,
        sum(f.slutt_avbrutt_pasient) as slutt_avbrutt_pasient,
        sum(f.slutt_avbrutt_team) as slutt_avbrutt_team,
        sum(f.slutt_ikke_kontakt) as slutt_ikke_kontakt,
        sum(f.slutt_flyttet) as slutt_flyttet,
        sum(f.slutt_dod) as slutt_dod,
        sum(f.slutt_uten_aarsak) as slutt_uten_aarsak,
        sum(f.slutt_ikke_kvalifisert_vurdert) as slutt_ikke_kvalifisert_vurdert,
        sum(f.slutt_ikke_kvalifisert_papir) as slutt_ikke_kvalifisert_papir,
        sum(f.aapne) as aapne,
        sum(f.aapne_over_12_mnd) as aapne_over_12_mnd,
        sum(f.aapne_over_24_mnd) as aapne_over_24_mnd,
        sum(f.ferdig_odontologisk) as ferdig_odontologisk,
        sum(f.ferdig_psykologisk) as ferdig_psykologisk,
        sum(f.ferdig_begge) as ferdig_begge,
        sum(f.tilbakesendt) as tilbakesendt,
        sum(f.somlos) as somlos
    from too_omraade as o
    inner join per_fylke as f
        on
            o.periode = f.kohort
            and o.fylkesnr = f.fylkesnr
    where o.periodetype = 'aar'
    group by o.periode, o.omraade
)

select
    r.mappe as fylkesnr,
    r.omraade,
    r.periode as kohort,
    coalesce(o.henviste, 0) as henviste,
    coalesce(o.naadd_m1, 0) as naadd_m1,
    coalesce(o.naadd_m2, 0) as naadd_m2,
    coalesce(o.naadd_m3, 0) as naadd_m3,
    coalesce(o.naadd_m4, 0) as naadd_m4,
    coalesce(o.naadd_m5, 0) as naadd_m5,
    coalesce(o.slutt_ferdigbehandlet, 0) as slutt_ferdigbehandlet,
    coalesce(o.slutt_avbrutt_pasient, 0) as slutt_avbrutt_pasient,
    coalesce(o.slutt_avbrutt_team, 0) as slutt_avbrutt_team,
    coalesce(o.slutt_ikke_kontakt, 0) as slutt_ikke_kontakt,
    coalesce(o.slutt_flyttet, 0) as slutt_flyttet,
    coalesce(o.slutt_dod, 0) as slutt_dod,
    coalesce(o.slutt_uten_aarsak, 0) as slutt_uten_aarsak,
    coalesce(o.slutt_ikke_kvalifisert_vurdert, 0) as slutt_ikke_kvalifisert_vurdert,
    coalesce(o.slutt_ikke_kvalifisert_papir, 0) as slutt_ikke_kvalifisert_papir,
    coalesce(o.aapne, 0) as aapne,
    coalesce(o.aapne_over_12_mnd, 0) as aapne_over_12_mnd,
    coalesce(o.aapne_over_24_mnd, 0) as aapne_over_24_mnd,
    coalesce(o.ferdig_odontologisk, 0) as ferdig_odontologisk,
    coalesce(o.ferdig_psykologisk, 0) as ferdig_psykologisk,
    coalesce(o.ferdig_begge, 0) as ferdig_begge,
    coalesce(o.tilbakesendt, 0) as tilbakesendt,
    coalesce(o.somlos, 0) as somlos,
    cast(o.naadd_m1 as double) / o.henviste as andel_naadd_m1,
    cast(o.naadd_m4 as double) / o.henviste as andel_naadd_m4,
    cast(o.slutt_ferdigbehandlet as double) / o.henviste as andel_ferdigbehandlet,
    r.n_fylker,
    case when o.henviste > 0 then 'vist' else 'mangler' end as status
from too_rad as r
left join omraader as o
    on
        r.omraade = o.omraade
        and r.periode = o.periode
where r.periodetype = 'aar'
order by r.omraade, r.periode
