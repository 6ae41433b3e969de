/*---
title = "TOO dekket som rettighet, hele landet per år, åpne tall"
audience = "offentlig"
grain = ["periode"]
dimensjoner = ["periode", "n_fylker", "forelopig"]
versjon = 1
[columns.henviste_rettighet]
unit = "forløp henvist i året"
mangler = "skjult"
[columns.ventende_rettighet]
unit = "forløp som ventet på vurdering ved årets slutt"
mangler = "skjult"
[columns.avviklet_rettighet]
unit = "forløp som kom til tannbehandling i året"
grunnlag = true
mangler = "skjult"
[columns.median_rettighet]
unit = "dager fra henvisning til tannbehandling, avrundet til hele uker"
desimaler = 0
mangler = "for få forløp"
[columns.ferdigbehandlet_rettighet]
unit = "forløp ferdigbehandlet i året"
mangler = "skjult"
[columns.n_fylker]
unit = "fylker"
dekning = true
[columns.forelopig]
unit = "0 nei, 1 ja"
---*/
-- Beside the headline: courses that a right pays. No public table counts both kinds together, so a figure of the grant that
-- is hidden elsewhere cannot be worked out from these; the grant's own stay in the tables that hide them. D1: each count by
-- itself, since none holds another: who is referred, who waits, who begins treatment and who completes it in a year
-- are different courses. A4: public waits are rounded to whole weeks, half away from zero.
with rettighet as (
    select
        periode,
        henviste,
        ventende,
        avviklet,
        median,
        ferdigbehandlet,
        n_fylker,
        forelopig
    from too_finansiering
    where
        finansiering = 'rettighet'
        and omraade = 'landet'
        and periodetype = 'aar'
)

select
    periode,
    case when henviste = 0 or henviste >= $minste_antall then henviste end as henviste_rettighet,
    case when ventende = 0 or ventende >= $minste_antall then ventende end as ventende_rettighet,
    case when avviklet = 0 or avviklet >= $minste_antall then avviklet end as avviklet_rettighet,
    case when avviklet >= $minste_n_median then cast((2 * median + 7) / 14 * 7 as double) end as median_rettighet,
    case when ferdigbehandlet = 0 or ferdigbehandlet >= $minste_antall then ferdigbehandlet end
        as ferdigbehandlet_rettighet,
    n_fylker,
    forelopig,
    case
        when henviste + ventende + avviklet + ferdigbehandlet = 0 then 'mangler'
        when
            (henviste = 0 or henviste >= $minste_antall)
            and (ventende = 0 or ventende >= $minste_antall)
            and (avviklet = 0 or avviklet >= $minste_antall)
            and (ferdigbehandlet = 0 or ferdigbehandlet >= $minste_antall)
            then 'vist'
        else 'skjult'
    end as status
from rettighet
order by periode
