/*---
title = "Legenes gyldighetsperioder som en måneds linjer gjelder"
audience = "arbeid"
grain = ["maaned", "rekvirent_hpr", "gyldig_fra"]
versjon = 1
inkrementell = true
[input]
utlevering = "egen_maaned"
lege = "hele"
[columns.maaned]
unit = "ååååmm"
[columns.rekvirent_hpr]
unit = "HPR-nummer"
[columns.gyldig_til]
mangler = "perioden er åpen"
[columns.spesialitet]
mangler = "ingen spesialitet"
[columns.er_fastlege]
unit = "0 nei, 1 ja"
[columns.kommunenr]
unit = "kommunenummer"
---*/
-- Only what touches the month, so that a new register leaves months that it does not change alone.
with datoer as (
    select
        rekvirent_hpr,
        utleveringsdato as dato
    from utlevering
    where maaned = $maaned
    union
    select
        rekvirent_hpr,
        forskrivningsdato as dato
    from utlevering
    where
        maaned = $maaned
        and forskrivningsdato is not null
)

select distinct
    cast($maaned as int) as maaned,
    l.rekvirent_hpr,
    l.gyldig_fra,
    l.gyldig_til,
    l.profesjon,
    l.spesialitet,
    l.er_fastlege,
    l.kommunenr
from lege as l
inner join datoer as d
    on
        l.rekvirent_hpr = d.rekvirent_hpr
        and d.dato between l.gyldig_fra and coalesce(l.gyldig_til, date '9999-12-31')
order by maaned, l.rekvirent_hpr, l.gyldig_fra
