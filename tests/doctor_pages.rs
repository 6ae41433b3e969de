//! What two hundred generated doctors read on their pages against the published tables: text, chart and table of a page
//! never disagree. And what must hold of any doctor's figures.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::sync::OnceLock;

use speil::calendar::Month;
use speil::demo;
use speil::run::{self, ExitCode, Options, Step};

use crate::support::{AS_OF, Root, as_csv};

type Row = BTreeMap<String, String>;

fn world() -> &'static Root {
    static WORLD: OnceLock<Root> = OnceLock::new();
    WORLD.get_or_init(|| {
        let root = Root::bare();
        let until: Month = "2026-10".parse().unwrap();
        let settings = demo::Settings { doctors: 260, months: 14, until, seed: 11 };
        demo::generate(root.path(), &settings, &|_, _, _| {}).unwrap();
        let as_of = speil::calendar::as_of(AS_OF).unwrap();
        let options = Options { as_of, steps: Step::ALL, only: Some("reservasjon"), progress: &|_| {} };
        assert_eq!(run::run(&root.config(), &options).unwrap().code, ExitCode::Done);
        root
    })
}

fn rows_of(csv: &str) -> Vec<Row> {
    let names: Vec<&str> = csv.lines().next().unwrap().split(';').collect();
    let row = |line: &str| names.iter().map(|n| (*n).to_owned()).zip(line.split(';').map(str::to_owned)).collect();
    csv.lines().skip(1).map(row).collect()
}

/// The rows of a published table.
fn table(name: &str) -> Vec<Row> {
    rows_of(&as_csv(&world().current().join(format!("tabeller/{name}.parquet"))))
}

fn by_doctor(name: &str) -> BTreeMap<String, Vec<Row>> {
    let mut all: BTreeMap<String, Vec<Row>> = BTreeMap::new();
    for row in table(name) {
        all.entry(row["rekvirent_hpr"].clone()).or_default().push(row);
    }
    all
}

fn number(row: &Row, column: &str) -> Option<f64> {
    row[column].parse().ok()
}

/// Part and whole in per cent as a reader sees it: one decimal, half away from zero.
fn percent(part: &str, whole: &str) -> String {
    let (part, whole): (i64, i64) = (part.parse().unwrap(), whole.parse().unwrap());
    let tenths = (2000 * part + whole) / (2 * whole);
    format!("{},{}\u{a0}%", tenths / 10, tenths % 10)
}

fn grouped(digits: &str) -> String {
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// What stands between two marks, the first time.
fn between<'t>(text: &'t str, start: &str, end: &str) -> Option<&'t str> {
    text.split_once(start)?.1.split_once(end).map(|(inside, _)| inside)
}

/// A page's part by the id of its heading.
fn section<'t>(page: &'t str, id: &str) -> &'t str {
    between(page, &format!("<section aria-labelledby=\"{id}\">"), &format!("<!-- {id} -->"))
        .or_else(|| page.split_once(&format!("id=\"{id}\">")).map(|(_, rest)| rest))
        .unwrap_or_else(|| panic!("no {id}"))
}

/// B8's sentence, told from the row alone.
fn sentence(row: &Row) -> &'static str {
    match (row["vurdering"].as_str(), row["skiller_seg"].as_str(), number(row, "standardisert_ratio")) {
        ("for_lite_grunnlag", ..) => "For lite grunnlag til å sammenligne",
        ("over", ..) => "Høyere enn det som er vanlig",
        ("under", ..) => "Lavere enn det som er vanlig",
        ("som_forventet", "0", _) => "Kan ikke skilles fra kollegene",
        ("som_forventet", "1", Some(ratio)) if ratio > 1.0 => "Høyere enn gjennomsnittet, men innenfor det vanlige",
        ("som_forventet", "1", _) => "Lavere enn gjennomsnittet, men innenfor det vanlige",
        other => panic!("{other:?}"),
    }
}

/// The value under the own mark of a drawing, read back from its ticks.
fn read_back(svg: &str, mark: f64, ticks: &[(f64, f64)]) -> f64 {
    let ((x1, v1), (x2, v2)) = (ticks[0], *ticks.last().unwrap());
    assert!(x1 < x2, "{svg}");
    v1 + (mark - x1) / (x2 - x1) * (v2 - v1)
}

fn attribute(element: &str, name: &str) -> f64 {
    between(element, &format!("{name}=\""), "\"").unwrap().parse().unwrap()
}

/// The strip's own mark as a share.
fn drawn_share(strip: &str) -> f64 {
    let mark = attribute(between(strip, "<circle ", "/>").unwrap(), "cx");
    let ticks: Vec<(f64, f64)> = strip
        .split("<text class=\"tick\" x=\"")
        .skip(1)
        .filter(|text| text.contains("y=\"182\""))
        .map(|text| {
            let label = between(text, ">", "<").unwrap().replace("\u{a0}%", "").replace(',', ".");
            (text.split_once('"').unwrap().0.parse().unwrap(), label.parse().unwrap())
        })
        .collect();
    read_back(strip, mark, &ticks) / 100.0
}

/// What a figure of so many decimals may read as: where the digit after the last is a five, the last bit decides.
fn readings(number: f64, decimals: usize, unit: &str) -> [String; 2] {
    [number - 1e-9, number + 1e-9].map(|number| format!("{:.decimals$}{unit}", number.max(0.0)).replace('.', ","))
}

/// A share's readings in per cent.
fn percents(row: &Row, column: &str) -> [String; 2] {
    readings(100.0 * number(row, column).unwrap(), 1, "\u{a0}%")
}

/// One of the key figures, by what it is called.
fn key_figure<'t>(figures: &'t str, called: &str) -> &'t str {
    between(figures, &format!("<dt>{called}</dt>"), "</div>").unwrap_or_else(|| panic!("no {called} in {figures}"))
}

/// The other key figures than the rate: what is expected, the ratio, both intervals and the last months.
fn assert_key_figures(hpr: &str, row: &Row, figures: &str) {
    let says = |called: &str, wanted: &dyn Fn(usize, usize) -> String| {
        let figure = key_figure(figures, called);
        let may_be: BTreeSet<String> = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(low, high)| wanted(low, high)).into();
        assert!(may_be.iter().any(|text| figure.contains(text)), "{hpr}: none of {may_be:?} in {figure}");
    };
    let (low, high) = (percents(row, "nedre"), percents(row, "ovre"));
    says("Din reservasjonsgrad", &|a, b| format!("95 % intervall: {} til {}</dd>", low[a], high[b]));
    let expected = readings(number(row, "forventet").unwrap(), 1, "");
    says("Forventet antall reservasjoner", &|a, _| format!("<dd>{}</dd>", expected[a]));
    if let Some(ratio) = number(row, "standardisert_ratio") {
        let ratio = readings(ratio, 2, "");
        says("Ditt antall delt på det forventede", &|a, _| format!("<dd>{}</dd>", ratio[a]));
        let [low, high] = ["sr_nedre", "sr_ovre"].map(|column| readings(number(row, column).unwrap(), 2, ""));
        says("Ditt antall delt på det forventede", &|a, b| format!("95 % intervall: {} til {}</dd>", low[a], high[b]));
    }
    let (reserved, written) = (&row["reservert_siste"], &row["skrevet_siste"]);
    let last = format!("{} av {} reservert", grouped(reserved), grouped(written));
    says("Forskrevet de siste 3 månedene", &|_, _| last.clone());
    if written != "0" {
        says("Forskrevet de siste 3 månedene", &|_, _| format!("<dd>{}</dd>", percent(reserved, written)));
    }
}

/// The peers' table has the published row of each group that the doctor is in, and no other.
fn assert_peers(hpr: &str, groups: &[Row], page: &str) {
    let shown = between(page, "<caption id=\"t-kolleger\">", "</table>").unwrap();
    let known: Vec<&Row> = groups.iter().filter(|group| !group["kode"].is_empty()).collect();
    assert_eq!(shown.matches("<tr><th scope=\"row\"").count(), known.len(), "{hpr}");
    for group in known {
        let called = match &*group["gruppe"] {
            "alle" => "Alle leger",
            "spesialitet" => "Leger med samme spesialitet som deg",
            "fylke" => "Leger i samme fylke",
            "praksis" => "Leger med samme slags praksis: fastlege eller ikke",
            "listetredel" => "Fastleger med omtrent like lang liste",
            "sentralitet" => "Leger i kommuner med samme sentralitetsklasse",
            other => panic!("{other}"),
        };
        let line = between(shown, &format!(">{called}</th>"), "</tr>").unwrap_or_else(|| panic!("{hpr}: no {called}"));
        if group["p50"].is_empty() {
            continue;
        }
        let cells: Vec<&str> =
            line.split("<td class=\"n\">").filter_map(|cell| Some(cell.split_once("</td>")?.0)).collect();
        assert_eq!(cells[0], grouped(&group["n_leger"]), "{hpr}: {called}");
        for (cell, column) in cells[1..].iter().zip(["p10", "p25", "p50", "p75", "p90"]) {
            let is_right = group[column].is_empty() || percents(group, column).contains(&(*cell).to_owned());
            assert!(is_right, "{hpr}: {called} {column} {cell} {}", group[column]);
        }
    }
}

/// A drawing's ticks along an axis: (place, value as written).
fn ticks(svg: &str, place: &str, mark: &str) -> Vec<(f64, f64)> {
    let texts = svg.split("<text class=\"tick\" ").filter_map(|text| text.split_once("</text>"));
    texts
        .filter(|(text, _)| text.contains(mark))
        .filter_map(|(text, _)| {
            let label = text.split_once('>')?.1.trim_end_matches("\u{a0}%").replace(',', ".");
            Some((between(text, &format!("{place}=\""), "\"")?.parse().ok()?, label.parse().ok()?))
        })
        .collect()
}

/// The funnel's own circle stands at the row's expected number and ratio, between limits that are drawn on both sides.
fn assert_funnel(hpr: &str, row: &Row, svg: &str) {
    let circle = between(svg, "<circle ", "/>").unwrap();
    let (x, y) = (attribute(circle, "cx"), attribute(circle, "cy"));
    let upwards: Vec<(f64, f64)> = ticks(svg, "y", "dx=\"-8\"").into_iter().rev().collect();
    let (ratio, expected) = (number(row, "standardisert_ratio").unwrap(), number(row, "forventet").unwrap());
    let per_unit = |ticks: &[(f64, f64)]| {
        let (first, last) = (ticks[0], ticks[ticks.len() - 1]);
        ((last.1 - first.1) / (last.0 - first.0)).abs()
    };
    let drawn = read_back(svg, y, &upwards);
    assert!((drawn - ratio).abs() < 0.11 * per_unit(&upwards), "{hpr}: drawn at {drawn}, not {ratio}");
    let along: Vec<(f64, f64)> = ticks(svg, "x", "dy=\"20\"").into_iter().map(|(at, value)| (at, value.ln())).collect();
    let drawn = read_back(svg, x, &along);
    assert!((drawn - expected.ln()).abs() < 0.11 * per_unit(&along), "{hpr}: drawn at {}, not {expected}", drawn.exp());
    let limits = between(svg, "<path class=\"limit\" d=\"", "\"").unwrap();
    let places = limits.split(['M', 'L']).filter_map(|vertex| vertex.split(' ').next()?.parse::<f64>().ok());
    let (first, last) = places.fold((f64::MAX, 0.0_f64), |(first, last), at| (first.min(at), last.max(at)));
    assert!(first <= x && x <= last, "{hpr}: at {x}, the limits from {first} to {last}");
}

/// The series' line ends at the window's own rate.
fn assert_series(hpr: &str, row: &Row, page: &str) -> usize {
    let drawings = page
        .split("<svg ")
        .filter(|svg| ["wide", "narrow"].iter().any(|size| svg.contains(&format!("utvikling-{size}-t\""))));
    drawings
        .map(|svg| {
            let path = between(svg, "<g class=\"line own\"><path d=\"", "\"").unwrap();
            let dots = between(svg, "<path class=\"dots\" d=\"", "\"").unwrap();
            let end = if path.is_empty() { dots } else { path };
            let y: f64 = end
                .rsplit(['M', 'L'])
                .find(|vertex| vertex.contains(' '))
                .unwrap()
                .split([' ', 'h', 'H'])
                .nth(1)
                .unwrap()
                .parse()
                .unwrap();
            let upwards: Vec<(f64, f64)> = ticks(svg, "y", "dx=\"-8\"").into_iter().rev().collect();
            let (drawn, rate) = (read_back(svg, y, &upwards), 100.0 * number(row, "reservasjonsgrad").unwrap());
            let per_unit =
                ((upwards[0].1 - upwards[upwards.len() - 1].1) / (upwards[0].0 - upwards[upwards.len() - 1].0)).abs();
            assert!((drawn - rate).abs() < 0.11 * per_unit, "{hpr}: the line ends at {drawn}, not {rate}");
        })
        .count()
}

/// Why there is no rate, told from the row alone.
fn why_none(row: &Row) -> &'static str {
    match (&*row["utleveringer"], &*row["utleveringer_andre"], &*row["utleveringer_ikke_lege"]) {
        ("0", "0", _) => "var du ikke registrert som lege da",
        ("0", _, _) => "som ikke kunne byttes, som er skrevet på virkestoff",
        _ => "hentet ut for første gang",
    }
}

#[test]
fn text_chart_and_table_say_what_the_published_row_says() {
    let doctors = table("reservasjonsgrad_lege");
    let (rolling, groups) = (by_doctor("reservasjonsgrad_lege_rullerende"), by_doctor("reservasjon_lege_byttegruppe"));
    let peers = by_doctor("reservasjon_kolleger");
    let (mut pages, mut sentences, mut strips, mut funnels, mut medicines) = (0, BTreeSet::new(), 0, 0, 0);
    let (mut series_drawn, mut without) = (0, BTreeSet::new());
    for row in &doctors {
        let hpr = &row["rekvirent_hpr"];
        let page = fs::read_to_string(world().current().join(format!("lege/{hpr}/index.html"))).unwrap();
        pages += 1;
        if row["status"] != "vist" {
            let why = why_none(row);
            assert!(page.contains(why) && !page.contains("id=\"vurdering\""), "{hpr}: no {why}");
            // Enough months are delivered: nothing on the page blames a short history.
            assert!(
                !page.contains("kan vises for et helt år") && !page.contains("minst tolv måneder med tall"),
                "{hpr}"
            );
            without.insert(why);
            continue;
        }
        // Text: the rate and its counts, the expected number, the ratio, what it costs.
        let rate = percent(&row["reservert"], &row["forskrivninger"]);
        let figures = between(&page, "<dl class=\"figures\">", "</dl>").unwrap();
        assert!(figures.contains(&format!("<dd>{rate}</dd>")), "{hpr}: no {rate} in {figures}");
        let counts = format!("{} av {} forskrivning", grouped(&row["reservert"]), grouped(&row["forskrivninger"]));
        assert!(figures.contains(&counts), "{hpr}: no {counts}");
        let kroner = number(row, "merutgift").unwrap().round().to_string();
        assert!(figures.contains(&format!("<dd>{}\u{a0}kr</dd>", grouped(&kroner))), "{hpr}: no {kroner} kr");
        assert_key_figures(hpr, row, figures);
        assert_peers(hpr, &peers[hpr], &page);
        // The message: one sentence, B8's.
        let said = between(&page, "<h2 id=\"vurdering\">", "</h2>").unwrap();
        assert_eq!(said, sentence(row), "{hpr}");
        sentences.insert(said.to_owned());
        // The strip: its label, its description and where its mark is drawn.
        for strip in page.split("<svg ").filter(|svg| svg.contains("stripe-wide-t") || svg.contains("stripe-narrow-t"))
        {
            assert!(strip.contains(&format!(">Du: {rate}</text>")), "{hpr}");
            assert!(strip.contains(&format!("Din reservasjonsgrad er {rate}")), "{hpr}");
            // A tenth of a drawing's unit on an axis of 290 units or more, and at most 100 %.
            let drawn = drawn_share(strip);
            assert!((drawn - number(row, "reservasjonsgrad").unwrap()).abs() < 0.0006, "{hpr}: drawn at {drawn}");
            strips += 1;
        }
        // The funnel is there for those who are compared, with the ratio of the row.
        let ratio = number(row, "standardisert_ratio");
        let has_funnel = page.contains("trakt-wide-t");
        assert_eq!(has_funnel, !row["trakt95_ovre"].is_empty(), "{hpr}");
        if has_funnel {
            let label = format!(">Du: {:.2}</text>", ratio.unwrap()).replace('.', ",");
            let near = |label: &str| page.matches(label).count() == 2;
            // Where the third decimal is a five the last bit decides.
            let other = format!(">Du: {:.2}</text>", ratio.unwrap() + 1e-9).replace('.', ",");
            assert!(near(&label) || near(&other), "{hpr}: no {label}");
            let drawings =
                page.split("<svg ").filter(|svg| svg.contains("trakt-wide-t\"") || svg.contains("trakt-narrow-t\""));
            drawings.for_each(|svg| assert_funnel(hpr, row, svg));
            funnels += 1;
        }
        // The series ends with the window itself, in the table and in the description.
        let last = rolling[hpr].last().unwrap();
        assert_eq!((&last["maaned"], &last["reservert"]), (&row["til_maaned"], &row["reservert"]), "{hpr}");
        let series = section(&page, "utvikling");
        assert!(series.contains(&format!("<td class=\"n\">{rate}</td>")), "{hpr}: the series has no {rate}");
        assert!(series.contains(&format!("{rate} til og med oktober 2026")), "{hpr}");
        series_drawn += assert_series(hpr, row, &page);
        // The medicines: those over the expected number by what shows, at most five, in order; and they explain something
        // only for who is over the average.
        let mut over: Vec<&Row> =
            groups[hpr].iter().filter(|group| number(group, "over_forventet").unwrap() >= 0.05).collect();
        over.sort_by_key(|group| group["rekkefolge"].parse::<u32>().unwrap());
        let shown = section(&page, "legemidler");
        let shown = shown.split_once("<h2 ").unwrap().0;
        assert_eq!(shown.matches("<tr><th scope=\"row\"").count(), over.len().min(5), "{hpr}");
        let is_higher = number(row, "standardisert_ratio").is_some_and(|ratio| ratio > 1.0);
        assert_eq!(shown.contains("De forklarer mest"), is_higher && !over.is_empty(), "{hpr}");
        let mut from = 0;
        for group in over.iter().take(5) {
            let counts = format!(">{} av {}<", grouped(&group["reservert"]), grouped(&group["antall"]));
            let at = shown[from..].find(&counts).unwrap_or_else(|| panic!("{hpr}: no {counts} after {from}"));
            from += at + 1;
            medicines += 1;
        }
    }
    assert!(
        pages >= 200 && series_drawn >= 400 && without.contains("var du ikke registrert som lege da"),
        "{pages} {series_drawn} {without:?}"
    );
    assert!(
        sentences.len() >= 3 && strips >= 300 && funnels >= 50 && medicines >= 300,
        "{sentences:?} {strips} {funnels}"
    );
}

#[test]
fn rates_are_shares_and_parts_sum_to_the_whole() {
    let doctors = table("reservasjonsgrad_lege");
    let groups = by_doctor("reservasjon_lege_byttegruppe");
    let substances = by_doctor("reservasjon_lege_substans_maaned");
    for row in doctors.iter().filter(|row| row["status"] == "vist") {
        let hpr = &row["rekvirent_hpr"];
        let figure = |column| number(row, column).unwrap();
        let (low, rate, high) = (figure("nedre"), figure("reservasjonsgrad"), figure("ovre"));
        assert!(0.0 <= low && low <= rate && rate <= high && high <= 1.0, "{hpr}: {low} {rate} {high}");
        assert!(figure("merutgift") >= 0.0);
        let sum = |column: &str| groups[hpr].iter().map(|group| number(group, column).unwrap()).sum::<f64>();
        for (part, whole) in
            [("antall", "forskrivninger"), ("reservert", "reservert"), ("uten_referanse", "uten_referanse")]
        {
            assert!((sum(part) - figure(whole)).abs() < 1e-9, "{hpr}: {part}");
        }
        assert!((sum("merutgift") - figure("merutgift")).abs() < 1e-6, "{hpr}: merutgift");
        assert!((sum("forventet") - figure("forventet")).abs() < 1e-6, "{hpr}: forventet");
        assert!((sum("over_forventet") - (figure("reservert") - figure("forventet"))).abs() < 1e-6, "{hpr}: over");
        for group in &groups[hpr] {
            for column in ["reservasjonsgrad", "kolleger_andel"] {
                assert!(number(group, column).is_none_or(|share| (0.0..=1.0).contains(&share)), "{hpr}: {column}");
            }
        }
        // The months of prescribing hold every reserved prescription once, and all that they cost.
        let by_month = substances.get(hpr).map_or(&[][..], Vec::as_slice);
        let of_months = |column: &str| by_month.iter().map(|found| number(found, column).unwrap()).sum::<f64>();
        assert!((of_months("reservert") - figure("reservert")).abs() < 1e-9, "{hpr}: months");
        assert!((of_months("merutgift") - figure("merutgift")).abs() < 1e-6, "{hpr}: months' merutgift");
    }
    // Σ expected = Σ observed, over all doctors whether they have a page or not.
    let state = world().state();
    let sums = rows_of(&as_csv(&world().path().join("lake").join(&state.tables["lege_sum"]["alle"].file)));
    let total = |column: &str| -> f64 {
        sums.iter().filter(|row| row["vindu"] == "1").map(|row| number(row, column).unwrap()).sum()
    };
    assert!(total("r") > 100.0 && (total("r") - total("forventet")).abs() < 1e-6 * total("r"));
}

#[test]
fn every_member_of_a_group_sees_the_same_figures_and_no_bin_is_small() {
    let mut seen: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for row in table("reservasjon_kolleger").iter().filter(|row| !row["kode"].is_empty()) {
        let figures = ["n_leger", "p10", "p25", "p50", "p75", "p90"].map(|column| row[column].clone()).to_vec();
        let known = seen.entry((row["gruppe"].clone(), row["kode"].clone())).or_insert_with(|| figures.clone());
        assert_eq!(*known, figures);
        // To half percentage points, and only of enough doctors.
        for (column, least) in [("p25", 20.0), ("p50", 20.0), ("p90", 50.0)] {
            let Some(share) = number(row, column) else { continue };
            assert!((share * 200.0 - (share * 200.0).round()).abs() < 1e-9, "{share}");
            assert!(number(row, "n_leger").unwrap() >= least);
        }
    }
    assert!(seen.len() > 10);
    let bins = table("reservasjon_kolleger_fordeling");
    assert!(!bins.is_empty() && bins.iter().all(|bin| number(bin, "n_leger").unwrap() >= 5.0));
}

#[test]
fn a_page_says_whom_to_turn_to_when_the_configuration_does() {
    let root = Root::tiny();
    let page = |root: &Root| {
        let doctors = std::fs::read_dir(root.current().join("lege")).unwrap();
        let doctor =
            doctors.map(|doctor| doctor.unwrap().path().join("index.html")).find(|page| page.exists()).unwrap();
        std::fs::read_to_string(doctor).unwrap()
    };
    root.run();
    assert!(page(&root).contains("Si fra til Helsedirektoratet med HPR-nummeret ditt"));
    let config = root.path().join("speil.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let contact = "[product.reservasjon]\nhenvendelse = \"statistikkteamet på <tall@example.no>\"\n";
    std::fs::write(&config, text.replacen("[product.reservasjon]\n", contact, 1)).unwrap();
    root.run();
    assert!(page(&root).contains("Si fra til statistikkteamet på &lt;tall@example.no&gt; med HPR-nummeret ditt"));
}
