/*---
title = "Hvor et TOO-forløp er, dag for dag: siste hendelse til og med dagen"
audience = "arbeid"
grain = ["forlop_id", "forlop_nr", "fra_dato"]
versjon = 1
[columns.forlop_nr]
unit = "forløpets nummer i forlop_id"
[columns.til_dato]
mangler = "gjelder fortsatt"
[columns.fylkesnr]
unit = "fylkesnummer"
[columns.enhet_orgnr]
unit = "organisasjonsnummer"
---*/
-- C6: the last event of a day says where the course is, until the day before its next event.
with siste_paa_dagen as (
    select
        forlop_id,
        forlop_nr,
        hendelse_dato,
        fylkesnr,
        enhet_orgnr,
        row_number() over (partition by forlop_id, forlop_nr, hendelse_dato order by nr desc) as bakfra
    from too_hendelse_ordnet
)

select
    forlop_id,
    forlop_nr,
    hendelse_dato as fra_dato,
    cast(
        cast(lead(hendelse_dato) over (partition by forlop_id, forlop_nr order by hendelse_dato) as int) - 1 as date
    ) as til_dato,
    fylkesnr,
    enhet_orgnr
from siste_paa_dagen
where bakfra = 1
order by forlop_id, forlop_nr, fra_dato
