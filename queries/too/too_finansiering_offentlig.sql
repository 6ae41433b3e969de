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
-- Beside the headline: courses that a right pays for. No public table counts both kinds together, so a figure of the grant
-- that is hidden elsewhere cannot be worked out from these; the grant's own stay in the tables that hide them. D1: each
-- count by itself, since none holds another: who is referred, who waits, who begins treatment and who completes it in a
-- year are different courses. But who waited at the year's beginning and who was referred, less who waits at its end, are
-- those who left the list: where these are few, who waits at its end is hidden. So are then those who wait at the end of
-- later years: over several years, those who left them all are a sum that may have one solution only. A4: public waits are
-- rounded to whole weeks, half away from zero.
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
),

merket as (
    select
        periode,
        henviste,
        ventende,
        avviklet,
        median,
        ferdigbehandlet,
        n_fylker,
        forelopig,
        case when henviste = 0 or henviste >= $minste_antall then 1 else 0 end as henviste_vises,
        case when avviklet = 0 or avviklet >= $minste_antall then 1 else 0 end as avviklet_vises,
        case when ferdigbehandlet = 0 or ferdigbehandlet >= $minste_antall then 1 else 0 end as ferdige_vises,
        abs(coalesce(lag(ventende) over (order by periode), 0) + henviste - ventende) as gaatt_ut
    from rettighet
),

trygge as (
    select
        periode,
        henviste,
        ventende,
        avviklet,
        median,
        ferdigbehandlet,
        n_fylker,
        forelopig,
        henviste_vises,
        avviklet_vises,
        ferdige_vises,
        case
            when ventende > 0 and ventende < $minste_antall then 0
            when henviste_vises = 1 and gaatt_ut > 0 and gaatt_ut < $minste_antall then 0
            else 1
        end as ventende_trygg
    from merket
),

vist as (
    select
        periode,
        henviste,
        ventende,
        avviklet,
        median,
        ferdigbehandlet,
        n_fylker,
        forelopig,
        henviste_vises,
        avviklet_vises,
        ferdige_vises,
        min(ventende_trygg) over (order by periode) as ventende_vises
    from trygge
)

select
    periode,
    case when henviste_vises = 1 then henviste end as henviste_rettighet,
    case when ventende_vises = 1 then ventende end as ventende_rettighet,
    case when avviklet_vises = 1 then avviklet end as avviklet_rettighet,
    case when avviklet >= $minste_n_median then cast((2 * median + 7) / 14 * 7 as double) end as median_rettighet,
    case when ferdige_vises = 1 then ferdigbehandlet end as ferdigbehandlet_rettighet,
    n_fylker,
    forelopig,
    case
        when ventende_vises = 1 and henviste + ventende + avviklet + ferdigbehandlet = 0 then 'mangler'
        when henviste_vises * ventende_vises * avviklet_vises * ferdige_vises = 1 then 'vist'
        else 'skjult'
    end as status
from vist
order by periode
