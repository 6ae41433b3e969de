/*---
title = "Hva som kjennetegner TOO-forløp som telles"
audience = "arbeid"
grain = ["forlop_id", "forlop_nr"]
versjon = 1
[columns.forlop_nr]
unit = "forløpets nummer i forlop_id"
[columns.foerste_nr]
unit = "nummer i forlop_id for forløpets første hendelse"
[columns.siste_nr]
unit = "nummer i forlop_id for forløpets siste hendelse"
[columns.m1_nr]
unit = "nummer i forlop_id for første vurdering"
mangler = "ikke vurdert"
[columns.henvisningskilde]
unit = "kode for henvisningskilde i kontrakten, 0 er ikke oppgitt"
[columns.aldersgruppe]
unit = "kode for aldersgruppe i kontrakten, 0 er ikke oppgitt"
[columns.maalgruppe]
unit = "sum av 1 tortur, 2 overgrep, 4 odontofobi; 0 er ikke oppgitt"
mangler = "ikke vurdert"
[columns.slutt]
unit = "kode for avslutningsårsak i kontrakten, 0 er ikke oppgitt, 9 er ikke kvalifisert"
mangler = "ikke avsluttet"
[columns.ferdig_odontologisk]
unit = "0 nei eller ikke oppgitt, 1 ja"
[columns.ferdig_psykologisk]
unit = "0 nei eller ikke oppgitt, 1 ja"
---*/
-- C10: the target group is the set on the last assessment. C11: the two tests are answered at the end. Courses that are
-- counted: their order is possible, and the grant pays for them.
with merket as (
    select
        f.forlop_id,
        f.forlop_nr,
        cast(h.nr as bigint) as nr,
        h.hendelse_type,
        h.henvisningskilde,
        h.aldersgruppe,
        h.maalgruppe,
        h.avslutningsaarsak,
        h.ferdig_odontologisk,
        h.ferdig_psykologisk,
        min(cast(h.nr as bigint)) over forlopet as foerste_nr,
        max(cast(h.nr as bigint)) over forlopet as siste_nr,
        max(case when h.hendelse_type = 2 then cast(h.nr as bigint) end) over forlopet as siste_vurdert_nr
    from too_forlop as f
    inner join too_hendelse_ordnet as h
        on
            f.forlop_id = h.forlop_id
            and f.forlop_nr = h.forlop_nr
    where
        f.avvist_rekkefolge = 0
        and f.tilskudd = 1
    window forlopet as (partition by f.forlop_id, f.forlop_nr)
)

select
    forlop_id,
    forlop_nr,
    max(foerste_nr) as foerste_nr,
    max(siste_nr) as siste_nr,
    min(case when hendelse_type = 2 then nr end) as m1_nr,
    cast(coalesce(max(case when nr = foerste_nr then henvisningskilde end), 0) as tinyint) as henvisningskilde,
    cast(coalesce(max(case when nr = foerste_nr then aldersgruppe end), 0) as tinyint) as aldersgruppe,
    cast(max(case when nr = siste_vurdert_nr then coalesce(maalgruppe, 0) end) as tinyint) as maalgruppe,
    cast(
        max(case hendelse_type when 3 then 9 when 8 then coalesce(avslutningsaarsak, 0) end) as tinyint
    ) as slutt,
    cast(coalesce(max(case when hendelse_type = 8 then ferdig_odontologisk end), 0) as tinyint) as ferdig_odontologisk,
    cast(coalesce(max(case when hendelse_type = 8 then ferdig_psykologisk end), 0) as tinyint) as ferdig_psykologisk
from merket
group by forlop_id, forlop_nr
order by forlop_id, forlop_nr
