/*---
title = "Hvor mange som står på ventelistene i TOO når en måned begynner og slutter, per fylke"
audience = "arbeid"
grain = ["steg", "periode", "fylkesnr"]
versjon = 1
[columns.fylkesnr]
unit = "fylkesnummer; 99 er ukjent"
[columns.inngaaende]
unit = "forløp"
[columns.utgaaende]
unit = "forløp"
---*/
-- C7: stocks are C5's ventende. A month begins with those whom the month before it ended with, in the counties of its own
-- structure: in January 2024 in those that a course's unit came under.
with maaneder as (
    select
        periode,
        fra_dato,
        til_dato,
        struktur,
        lag(periode) over (order by fra_dato) as forrige,
        lag(struktur) over (order by fra_dato) as forrige_struktur
    from too_periode
    where periodetype = 'maaned'
),

ventende as (
    select
        periode,
        steg,
        forlop_id,
        forlop_nr,
        fylkesnr
    from too_maaling_periode
    where
        populasjon = 'ventende'
        and periodetype = 'maaned'
),

begge as (
    select
        m.periode,
        v.steg,
        case when m.struktur = m.forrige_struktur then v.fylkesnr else coalesce(o.fylkesnr_foer, v.fylkesnr) end
            as fylkesnr,
        1 as inngaaende,
        0 as utgaaende
    from maaneder as m
    inner join ventende as v on m.forrige = v.periode
    left join too_opphold as o
        on
            v.forlop_id = o.forlop_id
            and v.forlop_nr = o.forlop_nr
            and m.fra_dato = o.fra_dato
    union all
    select
        periode,
        steg,
        fylkesnr,
        0 as inngaaende,
        1 as utgaaende
    from ventende
)

select
    steg,
    periode,
    fylkesnr,
    sum(inngaaende) as inngaaende,
    sum(utgaaende) as utgaaende
from begge
group by steg, periode, fylkesnr
order by steg, periode, fylkesnr
