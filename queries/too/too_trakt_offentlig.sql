/*---
title = "Andel av de ventende som har ventet lenger enn målet, med grenser for tilfeldig variasjon"
audience = "offentlig"
grain = ["steg", "omraade", "periode"]
dimensjoner = ["steg", "omraade", "periode", "forelopig"]
versjon = 1
[columns.n]
unit = "forløp"
grunnlag = true
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.over_maal]
unit = "andel"
between = [0, 1]
mangler = "for få forløp, eller andelen kan regnes ut fra andre celler"
[columns.over_maal_landet]
unit = "andel"
between = [0, 1]
mangler = "andelen i hele landet er skjult, eller landet er ikke med i perioden"
[columns.nedre_95]
unit = "andel"
between = [0, 1]
mangler = "fylkets eller landets tall er skjult"
[columns.ovre_95]
unit = "andel"
between = [0, 1]
mangler = "fylkets eller landets tall er skjult"
[columns.nedre_998]
unit = "andel"
between = [0, 1]
mangler = "fylkets eller landets tall er skjult"
[columns.ovre_998]
unit = "andel"
between = [0, 1]
mangler = "fylkets eller landets tall er skjult"
[columns.forelopig]
unit = "0 nei, 1 ja"
---*/
-- Those who wait at the end of a tertial: each county's share over the goal, beside the nation's on the same day. Limits
-- are drawn at the county's number and only where both are shown (D3): p ± z·√(p(1−p)/n), 95 % and 99.8 %, within 0 and
-- 1. They tell chance from difference, nothing more: counties' lists differ for many reasons.
with fylkene as (
    select
        v.steg,
        v.omraade,
        v.periode,
        v.n,
        v.over_maal,
        v.forelopig,
        v.status,
        concat(substr(v.periode, 1, 4), '-', lpad(cast(cast(substr(v.periode, 7, 1) as int) * 4 as varchar), 2, '0'))
            as siste_maaned
    from too_ventetid_offentlig as v
    inner join too_fylke as f on v.omraade = f.fylkesnr
    where
        v.periodetype = 'tertial'
        and v.populasjon = 'ventende'
        and v.pauser = 'med'
        and v.steg <> 'm0_m4'
),

landet as (
    select
        steg,
        periode,
        over_maal
    from too_ventetid_offentlig
    where
        omraade = 'landet'
        and periodetype = 'maaned'
        and populasjon = 'ventende'
        and pauser = 'med'
),

sammen as (
    select
        f.steg,
        f.omraade,
        f.periode,
        f.n,
        f.over_maal,
        l.over_maal as over_maal_landet,
        case
            when f.over_maal is not null
                then sqrt(l.over_maal * (1 - l.over_maal) / nullif(f.n, 0))
        end as feil,
        f.forelopig,
        f.status
    from fylkene as f
    left join landet as l
        on
            f.steg = l.steg
            and f.siste_maaned = l.periode
)

select
    steg,
    omraade,
    periode,
    n,
    over_maal,
    over_maal_landet,
    case when feil is not null then greatest(over_maal_landet - 1.959964 * feil, 0) end as nedre_95,
    case when feil is not null then least(over_maal_landet + 1.959964 * feil, 1) end as ovre_95,
    case when feil is not null then greatest(over_maal_landet - 3.090232 * feil, 0) end as nedre_998,
    case when feil is not null then least(over_maal_landet + 3.090232 * feil, 1) end as ovre_998,
    forelopig,
    status
from sammen
order by steg, omraade, periode
