/*---
title = "Åpne TOO-forløp ved periodens slutt, per område"
audience = "arbeid"
grain = ["periodetype", "periode", "omraade", "fase", "gruppe", "narkose_aapen"]
versjon = 1
[columns.gruppe]
unit = "kode for målgruppe; 0 er ikke oppgitt, -1 ikke vurdert den dagen"
[columns.narkose_aapen]
unit = "0 nei, 1 ja"
[columns.antall]
unit = "forløp"
---*/
with i_periode as (
    select
        p.periodetype,
        p.periode,
        b.fase,
        b.gruppe,
        b.narkose_aapen,
        s.fylkesnr,
        sum(b.antall) as antall
    from too_periode as p
    inner join too_bestand as b on p.til_dato = b.til_dato
    inner join too_fylke_i_periode as s
        on
            p.periodetype = s.periodetype
            and p.periode = s.periode
            and b.fylkesnr = s.levert_fylkesnr
            and b.enhet_orgnr = s.enhet_orgnr
    group by p.periodetype, p.periode, b.fase, b.gruppe, b.narkose_aapen, s.fylkesnr
)

select
    o.periodetype,
    o.periode,
    o.omraade,
    i.fase,
    i.gruppe,
    i.narkose_aapen,
    sum(i.antall) as antall
from i_periode as i
inner join too_omraade as o
    on
        i.periodetype = o.periodetype
        and i.periode = o.periode
        and i.fylkesnr = o.fylkesnr
group by o.periodetype, o.periode, o.omraade, i.fase, i.gruppe, i.narkose_aapen
order by o.periodetype, o.periode, o.omraade, i.fase, i.gruppe, i.narkose_aapen
