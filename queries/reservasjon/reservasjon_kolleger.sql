/*---
title = "Reservasjonsgraden blant kolleger som ligner på deg"
audience = "lege"
grain = ["rekvirent_hpr", "gruppe"]
mappe = "rekvirent_hpr"
versjon = 1
[columns.rekvirent_hpr]
unit = "HPR-nummer"
viser_til = ["lege.rekvirent_hpr"]
hoyst_promille = 0
[columns.kode]
unit = "spesialitet, fylke, fastlege 0/1, tredel eller klasse"
mangler = "kjennetegnet er ikke registrert"
[columns.n_leger]
unit = "leger"
mangler = "kjennetegnet er ikke registrert, eller færre enn 12 måneder er levert"
[columns.p10]
unit = "andel"
between = [0, 1]
mangler = "for få leger i gruppen"
[columns.p25]
unit = "andel"
between = [0, 1]
mangler = "for få leger i gruppen"
[columns.p50]
unit = "andel"
between = [0, 1]
mangler = "for få leger i gruppen"
[columns.p75]
unit = "andel"
between = [0, 1]
mangler = "for få leger i gruppen"
[columns.p90]
unit = "andel"
between = [0, 1]
mangler = "for få leger i gruppen"
---*/
-- B10: the same figures on every member's page. A doctor with too few prescriptions to count among the peers sees them too.
select
    l.rekvirent_hpr,
    case m.gruppetype
        when 1 then 'alle'
        when 2 then 'spesialitet'
        when 3 then 'fylke'
        when 4 then 'praksis'
        when 5 then 'listetredel'
        when 6 then 'sentralitet'
    end as gruppe,
    m.gruppe as kode,
    case when v.komplett = 1 and m.gruppe is not null then coalesce(g.antall, 0) end as n_leger,
    case when g.antall >= $persentil_desil then cast(g.p10 as double) / 200 end as p10,
    case when g.antall >= $persentil_kvartil then cast(g.p25 as double) / 200 end as p25,
    case when g.antall >= $persentil_kvartil then cast(g.p50 as double) / 200 end as p50,
    case when g.antall >= $persentil_kvartil then cast(g.p75 as double) / 200 end as p75,
    case when g.antall >= $persentil_desil then cast(g.p90 as double) / 200 end as p90,
    case when g.antall >= $persentil_kvartil then 'vist' else 'mangler' end as status
from reservasjonsgrad_lege as l
inner join kollegagruppe_medlem as m on l.rekvirent_hpr = m.rekvirent_hpr
left join kollegagruppe as g
    on
        m.gruppetype = g.gruppetype
        and m.gruppe = g.gruppe
cross join reservasjon_vindu as v
order by l.rekvirent_hpr, gruppe
