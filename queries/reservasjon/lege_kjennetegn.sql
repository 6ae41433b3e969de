/*---
title = "Hva slags lege hver er på vinduets siste dag"
audience = "arbeid"
grain = ["rekvirent_hpr"]
versjon = 1
[columns.rekvirent_hpr]
unit = "HPR-nummer"
[columns.spesialitet]
unit = "Volven 7426; 1 for fastleger"
mangler = "ingen registrert spesialitet"
[columns.fylkesnr]
unit = "fylkesnummer"
mangler = "kommunen er ikke i noe fylke på vinduets siste dag"
[columns.er_fastlege]
unit = "0 nei, 1 ja"
between = [0, 1]
[columns.listetredel]
unit = "tredel av listelengde"
mangler = "ingen liste"
[columns.sentralitet]
unit = "SSBs sentralitetsklasse, 1 er mest sentral"
mangler = "Klass 128 er ikke levert med kommunen"
---*/
-- B10: the period valid on the window's last day, else the last one before it. A general practitioner with a list counts
-- as of specialty 1, others as of their lowest code.
with perioder as (
    select
        l.rekvirent_hpr,
        l.spesialitet,
        l.er_fastlege,
        l.kommunenr,
        l.listetredel,
        v.til_dato,
        row_number() over (partition by l.rekvirent_hpr order by l.gyldig_fra desc) as nr
    from lege as l
    inner join reservasjon_vindu as v on l.gyldig_fra <= v.til_dato
),

spesialiteter as (
    select
        rekvirent_hpr,
        try_cast(unnest(string_to_array(spesialitet, '+')) as int) as kode
    from perioder
    where nr = 1
),

lavest as (
    select
        rekvirent_hpr,
        min(kode) as spesialitet
    from spesialiteter
    group by rekvirent_hpr
),

sentralitet as (
    select
        try_cast(k.kode as int) as kommunenr,
        max(try_cast(k.overordnet_kode as tinyint)) as sentralitet
    from klass_kode as k
    inner join reservasjon_vindu as v on v.til_dato between k.gyldig_fra and coalesce(k.gyldig_til, v.til_dato)
    where
        k.kodeverk = 128
        and char_length(k.kode) = 4
    group by try_cast(k.kode as int)
)

select
    p.rekvirent_hpr,
    cast(case when p.er_fastlege = 1 then 1 else s.spesialitet end as int) as spesialitet,
    cast(f.fylkesnr as int) as fylkesnr,
    p.er_fastlege,
    p.listetredel,
    c.sentralitet
from perioder as p
left join lavest as s on p.rekvirent_hpr = s.rekvirent_hpr
left join sentralitet as c on p.kommunenr = c.kommunenr
left join fylke_kode as f on p.kommunenr / 100 = f.kode
where p.nr = 1
order by p.rekvirent_hpr
