/*---
title = "Fylkene, og hvor langt de har levert"
audience = "offentlig"
grain = ["fylkesnr"]
dimensjoner = ["fylkesnr"]
versjon = 1
personvern = "uten_personer"
personvern_grunn = "bare fylkenes navn og hvilken måned de har levert til"
[columns.komplett_til]
mangler = "fylket har ingen komplett måned"
---*/
select
    lpad(cast(f.fylkesnr as varchar), 2, '0') as fylkesnr,
    f.navn,
    f.region,
    case
        when k.komplett_til is not null
            then concat(
                cast(k.komplett_til / 100 as varchar), '-', lpad(cast(k.komplett_til % 100 as varchar), 2, '0')
            )
    end as komplett_til,
    case when k.komplett_til is null then 'mangler' else 'vist' end as status
from fylke as f
left join too_komplett as k on f.fylkesnr = k.fylkesnr
where f.struktur = 2024
order by fylkesnr
