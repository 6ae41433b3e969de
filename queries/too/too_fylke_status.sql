/*---
title = "Fylkets leveranse: hvor langt den er komplett, hva som er foreløpig, og forløp som har stått lenge åpne"
audience = "fylke"
grain = ["fylkesnr"]
mappe = "fylkesnr"
versjon = 1
[columns.komplett_til]
mangler = "fylket har ingen komplett måned"
[columns.forelopig_fra]
mangler = "fylket har ingen komplett måned, eller ingen av dem er foreløpige"
[columns.aapne]
unit = "forløp"
mangler = "fylket har ingen komplett måned"
[columns.aapne_over_12]
unit = "forløp"
mangler = "fylket har ingen komplett måned"
[columns.aapne_over_24]
unit = "forløp"
mangler = "fylket har ingen komplett måned"
[columns.uten_henvisning]
unit = "forløp"
mangler = "fylket har ingen komplett måned"
---*/
-- At the end of the county's last complete month (C2): courses that statistics count, that have not ended, and how many
-- of them were referred more than 12 and 24 months before. A course is in the county that it is in by now (C6): the
-- oldest have events under codes of counties that are no more. A course without a referral has no clock, and is counted
-- apart. A month is preliminary until 90 days after it.
with opphold as (
    select
        forlop_id,
        forlop_nr,
        fylkesnr,
        row_number() over (partition by forlop_id, forlop_nr order by fra_dato desc) as nr
    from too_opphold
),

forlop as (
    select
        o.fylkesnr,
        f.m0,
        f.m5,
        k.komplett_dato
    from too_forlop as f
    inner join opphold as o
        on
            f.forlop_id = o.forlop_id
            and f.forlop_nr = o.forlop_nr
    inner join too_komplett as k on o.fylkesnr = k.fylkesnr
    where
        f.avvist_rekkefolge = 0
        and f.tilskudd = 1
        and o.nr = 1
),

talt as (
    select
        fylkesnr,
        sum(case when m5 is null then 1 else 0 end) as aapne,
        sum(case when m5 is null and m0 + interval '12' month < komplett_dato then 1 else 0 end) as aapne_over_12,
        sum(case when m5 is null and m0 + interval '24' month < komplett_dato then 1 else 0 end) as aapne_over_24,
        sum(case when m0 is null then 1 else 0 end) as uten_henvisning
    from forlop
    group by fylkesnr
),

-- The first month whose end is 90 days away or less.
grense as (
    select concat(
        cast(date_part('year', dag) as varchar), '-', lpad(cast(date_part('month', dag) as varchar), 2, '0')
    ) as foerste
    from (
        select cast(cast(cast($as_of as date) as int) - $too_forelopig_dager as date) as dag
    ) as dager
)

select
    lpad(cast(f.fylkesnr as varchar), 2, '0') as fylkesnr,
    case
        when k.komplett_til is not null
            then concat(
                cast(k.komplett_til / 100 as varchar), '-', lpad(cast(k.komplett_til % 100 as varchar), 2, '0')
            )
    end as komplett_til,
    case
        when
            concat(cast(k.komplett_til / 100 as varchar), '-', lpad(cast(k.komplett_til % 100 as varchar), 2, '0'))
            >= g.foerste
            then g.foerste
    end as forelopig_fra,
    case when k.komplett_til is not null then coalesce(t.aapne, 0) end as aapne,
    case when k.komplett_til is not null then coalesce(t.aapne_over_12, 0) end as aapne_over_12,
    case when k.komplett_til is not null then coalesce(t.aapne_over_24, 0) end as aapne_over_24,
    case when k.komplett_til is not null then coalesce(t.uten_henvisning, 0) end as uten_henvisning,
    case when k.komplett_til is null then 'mangler' else 'vist' end as status
from fylke as f
cross join grense as g
left join too_komplett as k on f.fylkesnr = k.fylkesnr
left join talt as t on f.fylkesnr = t.fylkesnr
where f.struktur = 2024
order by fylkesnr
