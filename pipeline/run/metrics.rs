//! Measures of the last run and of what is in force, for Prometheus' textfile collector. Names and meaning:
//! the `HELP` lines below. A figure that is not known has no sample, and is never 0.
//!
//! Only gauges: each file describes how things stand after one run. Ages are not written, since they would stand still
//! between runs: they are `time()` less a timestamp.

use std::collections::BTreeMap;
use std::fmt::Write;

use jiff::Timestamp;
use jiff::civil::Date;

use super::ledger::{Ledger, Run};
use super::status::Status;
use crate::config::Config;
use crate::disk;

/// Writes the measures beside their place and renames them into it.
pub(super) fn write(config: &Config, ledger: &Ledger, status: &Status) -> anyhow::Result<()> {
    disk::write(&config.notice.metrics, text(ledger, status).as_bytes())
}

/// All measures, in the text format 0.0.4.
fn text(ledger: &Ledger, status: &Status) -> String {
    let mut page = Page::default();
    page.gauge("speil_build_info", "The program's version, as a label; always 1.");
    page.sample(&[("version", env!("CARGO_PKG_VERSION"))], 1.0);
    let last = ledger.runs.iter().rev().find(|run| run.ended.is_some() && !run.is_rollback());
    if let Some(last) = last {
        of_run(&mut page, last, status);
    }
    of_state(&mut page, status);
    page.0
}

fn of_run(page: &mut Page, run: &Run, status: &Status) {
    let Some((at, ended)) = &run.ended else { return };
    page.gauge("speil_last_run_exit_code", "Exit code of the last run: 0 is good, see the program's documentation.");
    page.sample(&[], f64::from(ended.exit));
    page.gauge("speil_last_run_timestamp_seconds", "When the last run ended, Unix time.");
    page.sample(&[], unix(*at));
    page.gauge("speil_last_run_duration_seconds", "How long the last run took.");
    page.sample(&[], ended.seconds);
    if let Some(bytes) = ended.peak_memory_bytes {
        page.gauge("speil_last_run_peak_memory_bytes", "The most memory that the last run's process held.");
        page.sample(&[], count(bytes));
    }
    page.gauge("speil_last_run_step_duration_seconds", "How long each step of the last run took.");
    for step in &run.steps {
        page.sample(&[("step", &step.step)], step.seconds);
    }
    page.gauge("speil_last_run_hook_failed", "1 when a hook could not be told of the last run, 0 when it was told.");
    for told in &run.told {
        page.sample(&[("hook", &told.hook)], f64::from(u8::from(!told.done)));
    }
    if let Some(build) = run.step("build") {
        page.gauge("speil_last_run_models", "Models (by month, where they have months) of the last run, by outcome.");
        page.sample(&[("outcome", "ran")], len(build.facts.ran.len()));
        page.sample(&[("outcome", "up_to_date")], len(build.facts.up_to_date.unwrap_or_default()));
    }
    if let Some(ingest) = run.step("ingest").filter(|step| step.error.is_empty()) {
        let facts = &ingest.facts;
        page.gauge("speil_last_run_deliveries", "Deliveries that the last run looked at, by source and outcome.");
        for source in status.sources.keys() {
            let own = |name: &String| name == source;
            let taken = facts.taken.iter().filter(|taken| own(&taken.source)).count();
            let refused = facts.refused.iter().filter(|refused| own(&refused.source)).count();
            let unchanged = facts.n_unchanged.get(source).copied().unwrap_or_default();
            for (outcome, n) in [("taken", taken), ("refused", refused), ("unchanged", unchanged)] {
                page.sample(&[("source", source), ("outcome", outcome)], len(n));
            }
        }
        page.gauge(
            "speil_last_run_rows",
            "Rows of the deliveries that the last run took in: received = stored + outside (counted only) + quarantined.",
        );
        for source in status.sources.keys() {
            let mut rows = [("received", 0), ("stored", 0), ("outside", 0), ("quarantined", 0)];
            for taken in facts.taken.iter().filter(|taken| taken.source == *source) {
                let (outside, bad) = (taken.outside.values().sum::<u64>(), taken.quarantined.values().sum::<u64>());
                let of_delivery = [taken.received, taken.stored, outside, bad];
                rows.iter_mut().zip(of_delivery).for_each(|((_, sum), rows)| *sum += rows);
            }
            for (outcome, n) in rows {
                page.sample(&[("source", source), ("outcome", outcome)], count(n));
            }
        }
    }
}

fn of_state(page: &mut Page, status: &Status) {
    if let Some(at) = status.last_success {
        page.gauge("speil_last_success_timestamp_seconds", "When a run that publishes last ended well, Unix time.");
        page.sample(&[], unix(at));
    }
    page.gauge("speil_products_failed", "How many products fail and keep their last good pages.");
    page.sample(&[], len(status.products.values().filter(|product| product.failed_since.is_some()).count()));
    page.gauge("speil_product_failed", "1 while the product fails and keeps its last good pages, else 0.");
    for (name, product) in &status.products {
        page.sample(&[("product", name)], f64::from(u8::from(product.failed_since.is_some())));
    }
    let date = |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<Date>().ok());
    let dated: BTreeMap<_, _> =
        status.products.iter().filter_map(|(name, product)| Some((name, date(&product.as_of)?))).collect();
    page.gauge(
        "speil_product_as_of_timestamp_seconds",
        "The date of the product's pages, midnight in Oslo, Unix time.",
    );
    for (name, date) in dated {
        page.sample_if(&[("product", name)], midnight(date));
    }
    let release = status.release.as_ref().and_then(|release| release.as_of.parse().ok()).and_then(midnight);
    page.gauge(
        "speil_release_as_of_timestamp_seconds",
        "The date of the release that is shown, midnight in Oslo, Unix time; its age is time() less this.",
    );
    page.sample_if(&[], release);
    page.gauge("speil_source_deliveries", "Deliveries in force, by source.");
    for (name, source) in &status.sources {
        page.sample(&[("source", name)], len(source.deliveries));
    }
    page.gauge(
        "speil_source_last_taken_timestamp_seconds",
        "When the source's latest delivery was taken in, Unix time.",
    );
    for (name, source) in &status.sources {
        page.sample_if(&[("source", name)], source.last.as_ref().and_then(|last| last.taken).map(unix));
    }
    page.gauge("speil_source_deliveries_refused", "Deliveries that the last run refused, by source.");
    for (name, source) in &status.sources {
        page.sample(&[("source", name)], len(source.refused.len()));
    }
    page.gauge("speil_source_not_fetched", "Addresses that the last run that fetched could not fetch, by source.");
    for (name, source) in &status.sources {
        page.sample(&[("source", name)], len(source.not_fetched.len()));
    }
    page.gauge("speil_quarantined_rows", "Rows in quarantine of the deliveries in force, by source and rule.");
    for (name, source) in &status.sources {
        for (rule, rows) in &source.quarantined {
            page.sample(&[("source", name), ("rule", rule)], count(*rows));
        }
    }
}

/// The text as it grows: a family's name and help, then its samples. A family without samples is left out.
#[derive(Default)]
struct Page(String, Family);

#[derive(Default)]
struct Family {
    name: &'static str,
    help: &'static str,
    begun: bool,
}

impl Page {
    fn gauge(&mut self, name: &'static str, help: &'static str) {
        self.1 = Family { name, help, begun: false };
    }

    fn sample(&mut self, labels: &[(&str, &str)], value: f64) {
        let Page(text, family) = self;
        if !family.begun {
            // Writing into a String cannot fail.
            let _ = write!(text, "# HELP {0} {1}\n# TYPE {0} gauge\n", family.name, escaped(family.help, false));
            family.begun = true;
        }
        let labels: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value, true))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(text, "{}{labels} {value}", family.name);
    }

    fn sample_if(&mut self, labels: &[(&str, &str)], value: Option<f64>) {
        if let Some(value) = value {
            self.sample(labels, value);
        }
    }
}

fn escaped(text: &str, label: bool) -> String {
    let text = text.replace('\\', "\\\\").replace('\n', "\\n");
    if label { text.replace('"', "\\\"") } else { text }
}

fn unix(at: Timestamp) -> f64 {
    at.as_duration().as_secs_f64()
}

fn midnight(date: Date) -> Option<f64> {
    Some(unix(date.in_tz("Europe/Oslo").ok()?.timestamp()))
}

/// Prometheus knows doubles only; what is counted here is far below 2^53.
fn count(n: u64) -> f64 {
    n.to_string().parse().unwrap_or(f64::NAN)
}

fn len(n: usize) -> f64 {
    count(n as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_without_samples_are_left_out_and_labels_are_escaped() {
        let mut page = Page::default();
        page.gauge("a", "Nothing.");
        page.gauge("b_seconds", "A \\ and\na line.");
        page.sample(&[("x", "a\"b\\c\nd")], 1.5);
        page.sample(&[], 2.0);
        assert_eq!(
            page.0,
            "# HELP b_seconds A \\\\ and\\na line.\n# TYPE b_seconds gauge\nb_seconds{x=\"a\\\"b\\\\c\\nd\"} 1.5\n\
             b_seconds 2\n"
        );
    }

    #[test]
    fn figures_keep_their_digits() {
        assert_eq!(count(9_007_199_254_740_991).to_string(), "9007199254740991");
        assert_eq!(unix("2026-11-10T03:00:00.25Z".parse().unwrap()).to_string(), "1794279600.25");
        assert_eq!(midnight(jiff::civil::date(2026, 11, 10)).unwrap().to_string(), "1794265200");
    }
}
