//! The table `too_finansiering` by the second route: what the headline counts, and what it would count if those whom the grant
//! pays for and those whom a right pays for changed places.
//!
//! It must not know how a course is paid otherwise, or how either side came about.

use std::collections::BTreeMap;
use std::path::Path;

use super::course_tables::Row;
use super::{Event, Figures, Wait, csv};

/// The headline's figures of one kind of course.
pub struct Headline {
    pub waits: Vec<Wait>,
    pub course_rows: Vec<Row>,
}

/// The events with the two kinds in each other's place.
pub fn swapped(events: &[Event]) -> Vec<Event> {
    let swap = |event: &Event| {
        let other = if event.finansiering == "tilskudd" { "rettighet" } else { "tilskudd" };
        Event { finansiering: other.to_owned(), ..event.clone() }
    };
    events.iter().map(swap).collect()
}

/// What a row counts: referred, waiting, ended and their median, completed.
type Counts = BTreeMap<&'static str, i64>;

fn by_row(waits: &[Wait], rows: &[Row]) -> BTreeMap<String, Counts> {
    let key = |omraade: &str, kind: &str, periode: &str| [omraade, kind, periode].join(" ");
    let mut all: BTreeMap<String, Counts> = BTreeMap::new();
    for wait in waits.iter().filter(|wait| wait.pauser == "med") {
        let counts = all.entry(key(&wait.omraade, wait.periodetype, &wait.periode)).or_default();
        match (wait.steg, wait.populasjon) {
            ("m0_m1", "ventende") => _ = counts.insert("ventende", wait.n.cast_signed()),
            ("m0_m4", "avviklet") => {
                counts.insert("avviklet", wait.n.cast_signed());
                counts.extend(wait.median.map(|days| ("median", days)));
            }
            _ => {}
        }
    }
    for row in rows.iter().filter(|row| row.table == "too_dekning") {
        let counts = all.entry(key(&row.omraade, row.periodetype, &row.periode)).or_default();
        let here = row.counts.iter().filter(|(name, _)| ["henviste", "ferdigbehandlet"].contains(name));
        counts.extend(here.map(|(name, count)| (*name, *count)));
    }
    all
}

/// One line per difference between the recomputed figures and the CSV of the table at `path`, and how many courses are
/// counted as referred that a right pays for.
pub fn differences(figures: &Figures, path: &Path) -> (Vec<String>, i64) {
    let grant = by_row(&figures.waits, &figures.course_rows);
    let right = by_row(&figures.by_right.waits, &figures.by_right.course_rows);
    let (mut found, mut referred) = (Vec::new(), 0);
    csv::read(path, |header, row| {
        let of = |name: &str| row.filled(header.required(name));
        let key = [of("omraade"), of("periodetype"), of("periode")].join(" ");
        let kind = of("finansiering");
        let counts = if kind == "tilskudd" { &grant[&key] } else { &right[&key] };
        for column in ["henviste", "ventende", "avviklet", "ferdigbehandlet"] {
            let wanted = Some(counts.get(column).copied().unwrap_or(0));
            let published = row.whole(header.required(column));
            if wanted != published {
                found.push(format!("{kind} {key}, {column}: recomputed {wanted:?}, published {published:?}"));
            }
        }
        let (wanted, published) = (counts.get("median").copied(), row.whole(header.required("median")));
        if wanted != published {
            found.push(format!("{kind} {key}, median: recomputed {wanted:?}, published {published:?}"));
        }
        if kind == "rettighet" && key.starts_with("landet aar") {
            referred += counts.get("henviste").copied().unwrap_or(0);
        }
    });
    (found, referred)
}

/// What is wrong with the public file of those whom a right pays for: a count that is none of the recomputed, one that is small
/// and shown or follows, or one that is hidden without need (D1).
pub fn public_faults(figures: &Figures, path: &Path) -> Vec<String> {
    let right = by_row(&figures.by_right.waits, &figures.by_right.course_rows);
    let mut found = Vec::new();
    // Who waits at the end of the year before: as it is, and as it is shown.
    let (mut waited, mut waited_shown) = (0, Some(0));
    // Years after one that is hidden are hidden too: what left the list over several years may have one solution only.
    let mut was_hidden = false;
    csv::read(path, |header, row| {
        let key = ["landet", "aar", row.filled(header.required("periode"))].join(" ");
        let count = |column: &str| right[&key].get(column).copied().unwrap_or(0);
        let open = |count: i64| count == 0 || count >= 5;
        let has_left = waited + count("henviste") - count("ventende");
        for column in ["henviste", "ventende", "avviklet", "ferdigbehandlet"] {
            let few_left = column == "ventende" && open(count("henviste")) && !open(has_left.abs());
            let is_safe = open(count(column)) && !few_left;
            was_hidden |= column == "ventende" && !is_safe;
            let wanted = (is_safe && !(column == "ventende" && was_hidden)).then_some(count(column));
            let shown = row.whole(header.required(&format!("{column}_rettighet")));
            if wanted != shown {
                found.push(format!("{key}, {column}: wanted {wanted:?}, shown {shown:?}"));
            }
        }
        if row.text(header.required("median_rettighet")).is_some() != (count("avviklet") >= 10) {
            found.push(format!("{key}: a median of {}", count("avviklet")));
        }
        let shown = |column: &str| row.whole(header.required(&format!("{column}_rettighet")));
        let follows = waited_shown.zip(shown("henviste")).zip(shown("ventende")).map(|((was, new), is)| was + new - is);
        if follows.is_some_and(|left| !open(left.abs())) {
            found.push(format!("{key}: {follows:?} who left the list follow"));
        }
        (waited, waited_shown) = (count("ventende"), shown("ventende"));
    });
    found
}
