/*---
title = "Alder ved henvisning til TOO, hele landet"
audience = "offentlig"
grain = ["aldersgruppe", "periode"]
dimensjoner = ["aldersgruppe", "periode", "n_fylker", "forelopig"]
versjon = 1
[columns.henviste_i_alderen]
unit = "forløp henvist i året"
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.henviste]
unit = "forløp henvist i året, i alle aldre"
grunnlag = true
mangler = "kan regnes ut fra andre celler, eller er skjult"
[columns.andel_henviste_i_alderen]
unit = "andel"
between = [0, 1]
avledet_av = ["henviste_i_alderen", "henviste"]
mangler = "ingen er henvist, eller tallene er skjult"
[columns.n_fylker]
unit = "fylker"
dekning = true
[columns.forelopig]
unit = "0 nei, 1 ja"
---*/
-- Age is told of the nation only. D1: where one age group is small, all of the year are held back, since they add up to all.
with grupper as (
    select
        kode as aldersgruppe,
        nummer
    from (
        values
        ('18_20', 1),
        ('21_24', 2),
        ('25_44', 3),
        ('45_66', 4),
        ('67_og_eldre', 5),
        ('ikke_oppgitt', 0)
    ) as koder (kode, nummer)
),

i_alderen as (
    select
        gruppe,
        periode,
        sum(antall) as antall
    from too_bevegelse_omraade
    where
        maal = 'henvist'
        and omraade = 'landet'
        and periodetype = 'aar'
    group by gruppe, periode
),

korn as (
    select
        g.aldersgruppe,
        r.periode,
        r.n_fylker,
        r.forelopig,
        r.andre_fylker,
        coalesce(a.antall, 0) as henviste_i_alderen,
        sum(coalesce(a.antall, 0)) over (partition by r.periode) as henviste
    from too_rad as r
    cross join grupper as g
    left join i_alderen as a
        on
            r.periode = a.periode
            and g.nummer = a.gruppe
    where
        r.omraade = 'landet'
        and r.periodetype = 'aar'
),

holdes as (
    select
        periode,
        max(
            case
                when henviste_i_alderen > 0 and henviste_i_alderen < $minste_antall then 1
                when henviste - henviste_i_alderen > 0 and henviste - henviste_i_alderen < $minste_antall then 1
                else andre_fylker
            end
        ) as holdes
    from korn
    group by periode
)

select
    k.aldersgruppe,
    k.periode,
    case when h.holdes = 0 then k.henviste_i_alderen end as henviste_i_alderen,
    case when h.holdes = 0 then k.henviste end as henviste,
    case when h.holdes = 0 then cast(k.henviste_i_alderen as double) / nullif(k.henviste, 0) end
        as andel_henviste_i_alderen,
    k.n_fylker,
    k.forelopig,
    case when h.holdes > 0 then 'skjult' when k.henviste = 0 then 'mangler' else 'vist' end as status
from korn as k
inner join holdes as h on k.periode = h.periode
order by k.aldersgruppe, k.periode
