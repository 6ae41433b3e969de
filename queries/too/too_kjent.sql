/*---
title = "TOO-hendelser til og med fylkets siste komplette måned"
audience = "arbeid"
grain = ["forlop_id", "hendelse_dato", "hendelse_guid"]
versjon = 1
[columns.hendelse_type]
unit = "kode for hendelsestype i kontrakten"
[columns.registrert_tid]
unit = "mikrosekunder siden 1970-01-01T00:00Z"
[columns.fylkesnr]
unit = "fylkesnummer"
[columns.enhet_orgnr]
unit = "organisasjonsnummer"
[columns.pauseaarsak]
unit = "1 pasient, 2 medisinsk, 3 tjeneste"
mangler = "hendelsen er ingen pause, eller årsaken er ikke oppgitt"
[columns.finansiering]
unit = "1 tilskudd, 2 rettighet"
---*/
-- C2: nothing of a county after its last complete month is computed.
select
    g.forlop_id,
    g.hendelse_dato,
    g.hendelse_guid,
    g.hendelse_type,
    g.registrert_tid,
    g.fylkesnr,
    g.enhet_orgnr,
    g.pauseaarsak,
    g.finansiering
from too_gjeldende as g
inner join too_komplett as k
    on
        g.fylkesnr = k.fylkesnr
        and g.hendelse_dato <= k.komplett_dato
order by g.forlop_id, g.hendelse_dato, g.hendelse_guid
