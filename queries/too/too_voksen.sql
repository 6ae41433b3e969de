/*---
title = "Hvor gamle voksne er i tall per 10 000 innbyggere"
audience = "arbeid"
grain = ["gyldig_fra"]
versjon = 1
[columns.eldre_enn]
unit = "år"
---*/
-- C11: older than 20, as the grant's reports count the adults of a county. A new limit is a new row; the one in force on
-- the 1st of January holds for the year.
select
    gyldig_fra,
    eldre_enn
from (
    values
    (date '2000-01-01', 20)
) as grenser (gyldig_fra, eldre_enn)
order by gyldig_fra
