/*---
title = "Hva som skjedde i TOO-forløp, per område og periode"
audience = "arbeid"
grain = ["periodetype", "periode", "omraade", "maal", "kode", "gruppe", "begge_tester", "fase", "narkose_aapen"]
versjon = 1
[columns.kode]
unit = "kode for henvisningskilde, oppmøte eller slutt; 0 er ikke oppgitt"
[columns.gruppe]
unit = "kode for aldersgruppe når forløpet begynner, ellers for målgruppe; 0 er ikke oppgitt, -1 ikke vurdert"
[columns.begge_tester]
unit = "0 nei, 1 ja"
[columns.narkose_aapen]
unit = "0 nei, 1 ja"
[columns.antall]
unit = "hendelser"
---*/
with i_periode as (
    select
        p.periodetype,
        p.periode,
        b.maal,
        b.kode,
        b.gruppe,
        b.begge_tester,
        b.fase,
        b.narkose_aapen,
        s.fylkesnr,
        sum(b.antall) as antall
    from too_periode as p
    inner join too_bevegelse as b on b.maaned between p.fra_dato and p.til_dato
    inner join too_fylke_i_periode as s
        on
            p.periodetype = s.periodetype
            and p.periode = s.periode
            and b.fylkesnr = s.levert_fylkesnr
            and b.enhet_orgnr = s.enhet_orgnr
    group by
        p.periodetype, p.periode, b.maal, b.kode, b.gruppe, b.begge_tester, b.fase, b.narkose_aapen, s.fylkesnr
)

select
    o.periodetype,
    o.periode,
    o.omraade,
    i.maal,
    i.kode,
    i.gruppe,
    i.begge_tester,
    i.fase,
    i.narkose_aapen,
    sum(i.antall) as antall
from i_periode as i
inner join too_omraade as o
    on
        i.periodetype = o.periodetype
        and i.periode = o.periode
        and i.fylkesnr = o.fylkesnr
group by o.periodetype, o.periode, o.omraade, i.maal, i.kode, i.gruppe, i.begge_tester, i.fase, i.narkose_aapen
order by o.periodetype, o.periode, o.omraade, i.maal, i.kode, i.gruppe, i.begge_tester, i.fase, i.narkose_aapen
