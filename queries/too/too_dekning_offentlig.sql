/*---
title = "Henviste, behandlede og ferdigbehandlede i TOO per 10 000 voksne, åpne tall"
audience = "offentlig"
grain = ["omraade", "periode"]
dimensjoner = ["omraade", "periode", "n_fylker", "forelopig"]
versjon = 1
[columns.henviste]
unit = "forløp henvist i året"
grunnlag = true
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.behandlede]
unit = "forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.ferdigbehandlet]
unit = "forløp ferdigbehandlet i året"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.ferdigbehandlet_begge]
unit = "forløp"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.voksne]
unit = "personer"
mangler = "folketallet er ikke levert"
[columns.henviste_per_10000]
unit = "forløp per 10 000 voksne"
desimaler = 1
mangler = "folketallet er ikke levert, eller tallet kan regnes ut fra andre celler, eller er skjult"
[columns.behandlede_per_10000]
unit = "forløp per 10 000 voksne"
desimaler = 1
mangler = "folketallet er ikke levert, eller tallet kan regnes ut fra andre celler, eller er skjult"
[columns.ferdigbehandlet_per_10000]
unit = "forløp per 10 000 voksne"
desimaler = 1
mangler = "folketallet er ikke levert, eller tallet kan regnes ut fra andre celler, eller er skjult"
[columns.ferdigbehandlet_begge_per_10000]
unit = "forløp per 10 000 voksne"
desimaler = 1
mangler = "folketallet er ikke levert, eller tallet kan regnes ut fra andre celler, eller er skjult"
[columns.n_fylker]
unit = "fylker"
dekning = true
mangler = "raden gjelder ett fylke"
[columns.forelopig]
unit = "0 nei, 1 ja"
---*/
-- D1 and D2: by year; rolling years overlap two of them and are held back. What is held back is held for a level (the counties
-- of a region, the regions, the nation) in a year, each count by itself; what is held for the regions is held for all counties
-- too. D3: a rate is shown only with its count, since the adults are known.
with korn as (
    select
        d.omraade,
        d.periode,
        d.henviste,
        d.behandlede,
        d.ferdigbehandlet,
        d.ferdigbehandlet_begge,
        d.voksne,
        d.henviste_per_10000,
        d.behandlede_per_10000,
        d.ferdigbehandlet_per_10000,
        d.ferdigbehandlet_begge_per_10000,
        d.n_fylker,
        d.forelopig,
        d.status,
        r.nivaa,
        r.andre_fylker
    from too_dekning as d
    inner join too_rad as r
        on
            d.omraade = r.omraade
            and d.periodetype = r.periodetype
            and d.periode = r.periode
    where d.periodetype = 'aar'
),

smaa as (
    select
        nivaa,
        periode,
        max(case when henviste > 0 and henviste < $minste_antall then 1 else 0 end) as henviste_smaa,
        max(case when behandlede > 0 and behandlede < $minste_antall then 1 else 0 end) as behandlede_smaa,
        max(
            case
                when ferdigbehandlet > 0 and ferdigbehandlet < $minste_antall then 1
                when behandlede - ferdigbehandlet > 0 and behandlede - ferdigbehandlet < $minste_antall then 1
                else 0
            end
        ) as ferdig_smaa,
        max(
            case
                when ferdigbehandlet_begge > 0 and ferdigbehandlet_begge < $minste_antall then 1
                when
                    ferdigbehandlet - ferdigbehandlet_begge > 0
                    and ferdigbehandlet - ferdigbehandlet_begge < $minste_antall
                    then 1
                else 0
            end
        ) as begge_smaa
    from korn
    group by nivaa, periode
),

aapnet as (
    select
        k.omraade,
        k.periode,
        k.henviste,
        k.behandlede,
        k.ferdigbehandlet,
        k.ferdigbehandlet_begge,
        k.voksne,
        k.henviste_per_10000,
        k.behandlede_per_10000,
        k.ferdigbehandlet_per_10000,
        k.ferdigbehandlet_begge_per_10000,
        k.n_fylker,
        k.forelopig,
        k.status,
        greatest(s.henviste_smaa, coalesce(r.henviste_smaa, 0)) + k.andre_fylker as henviste_holdes,
        greatest(s.behandlede_smaa, coalesce(r.behandlede_smaa, 0)) + k.andre_fylker as behandlede_holdes,
        greatest(s.ferdig_smaa, coalesce(r.ferdig_smaa, 0)) + k.andre_fylker as ferdig_holdes,
        greatest(s.ferdig_smaa, s.begge_smaa, coalesce(r.ferdig_smaa, 0), coalesce(r.begge_smaa, 0))
        + k.andre_fylker as begge_holdes
    from korn as k
    inner join smaa as s
        on
            k.nivaa = s.nivaa
            and k.periode = s.periode
    left join smaa as r
        on
            k.periode = r.periode
            and r.nivaa = 'regioner'
            and k.nivaa <> 'landet'
    where k.omraade <> '99'
)

select
    omraade,
    periode,
    case when henviste_holdes = 0 then henviste end as henviste,
    case when behandlede_holdes = 0 then behandlede end as behandlede,
    case when ferdig_holdes = 0 then ferdigbehandlet end as ferdigbehandlet,
    case when begge_holdes = 0 then ferdigbehandlet_begge end as ferdigbehandlet_begge,
    voksne,
    case when henviste_holdes = 0 then henviste_per_10000 end as henviste_per_10000,
    case when behandlede_holdes = 0 then behandlede_per_10000 end as behandlede_per_10000,
    case when ferdig_holdes = 0 then ferdigbehandlet_per_10000 end as ferdigbehandlet_per_10000,
    case when begge_holdes = 0 then ferdigbehandlet_begge_per_10000 end as ferdigbehandlet_begge_per_10000,
    n_fylker,
    forelopig,
    case when henviste_holdes = 0 then status else 'skjult' end as status
from aapnet
order by omraade, periode
