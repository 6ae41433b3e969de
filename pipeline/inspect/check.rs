//! `speil check`: everything that can be told without data, all faults in one go.
//!
//! Each part goes on after a fault; what only follows from another fault is not told.

use std::path::Path;

use jiff::civil::{Date, DateTime};

use super::fault::{Fault, Sources};
use super::{site, sql};
use crate::closed;
use crate::config::{Config, Token};
use crate::contract::Contract;
use crate::disclosure;
use crate::embedded::{self, Files};
use crate::export::cube::Cube;
use crate::publish;
use crate::run::{self, ExitCode, Failure};

/// Any day: no figure is computed.
const SOME_DAY: Date = Date::constant(2026, 1, 1);

/// What was checked, and what was found.
#[derive(Debug)]
pub struct Checked {
    /// Every fault, by file and line; none when all holds.
    pub faults: Vec<Fault>,
    /// How much was looked at.
    pub what: String,
}

/// Checks the configuration file and all that it leads to, and what of it a run at this time in Oslo would refuse because
/// of what is published already.
pub fn check(file: &Path, now: DateTime) -> Result<Checked, Failure> {
    let name = file.display().to_string();
    let mut sources = Sources::new();
    let text = crate::disk::read_text(file).map_err(super::fail(ExitCode::Configuration))?;
    sources.insert(name.clone(), text);
    let config = match Config::load(file) {
        Ok(config) => config,
        // Without it nobody knows which SQL and which site are meant.
        Err(error) => return Ok(checked(vec![Fault::told(&error, "configuration", &sources)], String::new())),
    };
    let written = embedded::contracts().map_err(super::fail(ExitCode::Configuration))?;
    remember("pipeline/contracts", &written, &mut sources);
    let (contracts, mut faults) = contracts(&written, &sources);
    let queries = embedded::queries(&config).map_err(super::fail(ExitCode::Configuration))?;
    let site = embedded::site(&config).map_err(super::fail(ExitCode::Configuration))?;
    remember("queries", &queries, &mut sources);
    remember("site", &site, &mut sources);

    let contracts_hold = faults.is_empty();
    let planned = sql::check(&config, &contracts, &queries, SOME_DAY, &sources)?;
    if contracts_hold {
        faults.extend(planned.faults.iter().cloned());
        faults.extend(configured(&config, &name, &contracts, &planned, &sources));
        // What a run would refuse as well; told when nothing above explains it.
        if faults.is_empty() {
            let models = &planned.models.ordered;
            let complete = run::check_config(&config, models, &contracts)
                .and_then(|()| run::check_lost(&config, models, &contracts));
            faults.extend(complete.err().map(|error| Fault::told(&error, "configuration", &sources)));
            let declared = crate::check::faults(&planned.models, &contracts);
            faults.extend(declared.iter().map(|error| Fault::told(error, "declared", &sources)));
            let disclosed = disclosure::demand(&planned.models, &contracts);
            faults.extend(disclosed.err().map(|error| Fault::told(&error, "disclosure", &sources)));
            let announced = publish::check_announced(&config, now).map_err(|error| error.context(name.clone()));
            faults.extend(announced.err().map(|error| Fault::told(&error, "configuration", &sources)));
            let cubes = Cube::all(&queries, &models.iter().collect::<Vec<_>>());
            faults.extend(cubes.err().map(|error| Fault::told(&error, "cube", &sources)));
        }
    }
    let pages = site::check(&config, &planned, site, SOME_DAY, &sources)?;
    if pages.faults.is_empty() {
        let page = run::check_status_page(&config);
        let told =
            |error| site::template_fault(&error, &sources).unwrap_or_else(|| Fault::told(&error, "page", &sources));
        faults.extend(page.err().map(told));
    }
    faults.extend(pages.faults);
    let what = format!(
        "{} contracts, {} models, {} pages and {} texts",
        contracts.len(),
        planned.models.ordered.len(),
        pages.n_pages,
        pages.n_texts
    );
    Ok(checked(faults, what))
}

/// The contracts that hold, and what does not hold of the others.
fn contracts(written: &Files, sources: &Sources) -> (Vec<Contract>, Vec<Fault>) {
    let mut contracts = Vec::new();
    let mut faults = Vec::new();
    for (name, bytes) in written {
        let file = format!("pipeline/contracts/{name}");
        let text = String::from_utf8_lossy(bytes);
        match Contract::parse(&text, &file) {
            Ok(contract) => contracts.push(contract),
            Err(error) => {
                let mut fault = Fault::told(&error, "contract", sources);
                fault.line = part_of_contract(&text, &fault.what).unwrap_or(fault.line);
                faults.push(fault);
            }
        }
    }
    (contracts, faults)
}

/// The line of the name that a message quotes, in the innermost part that it speaks of (`table lege: column hpr: …`,
/// `table lege: rule x: …`); the part's own line when the name is not there.
fn part_of_contract(text: &str, message: &str) -> Option<usize> {
    let mut begins = None;
    for (kind, section) in [("table ", "[[tabell]]"), ("column ", "[[tabell.kolonne]]"), ("rule ", "[[tabell.regel]]")]
    {
        if let Some(name) = message.split(": ").find_map(|part| part.strip_prefix(kind)) {
            let named = format!("navn = \"{name}\"");
            let lines = text.lines().enumerate().skip(begins.unwrap_or(0));
            let mut lines = lines.skip_while(|(_, line)| *line != section);
            begins = lines.find(|(_, line)| *line == named).map(|(at, _)| at).or(begins);
        }
    }
    let quoted = format!("\"{}\"", message.split('`').nth(1).unwrap_or_default());
    let mut after = text.lines().enumerate().skip(begins?);
    after.find(|(_, line)| line.contains(&quoted)).map(|(at, _)| at).or(begins).map(|at| at + 1)
}

fn checked(mut faults: Vec<Fault>, what: String) -> Checked {
    faults.sort();
    faults.dedup();
    Checked { faults, what }
}

fn remember(folder: &str, files: &Files, sources: &mut Sources) {
    for (path, bytes) in files {
        if let Ok(text) = std::str::from_utf8(bytes) {
            sources.insert(format!("{folder}/{path}"), text.to_owned());
        }
    }
}

/// Names in the configuration that nothing answers to.
fn configured(
    config: &Config,
    file: &str,
    contracts: &[Contract],
    planned: &sql::Planned,
    sources: &Sources,
) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut fault = |at: &str, what: String| faults.push(Fault::by(sources, file, at, "configuration", what));
    let known = || contracts.iter().map(|contract| contract.source.as_str());
    for (name, source) in &config.sources {
        if !known().any(|source| source == name) {
            let nearest = closed::nearest(name, known()).unwrap_or("");
            fault(
                &format!("source.{name}]"),
                format!("there is no contract for source `{name}`; the nearest is `{nearest}`"),
            );
        }
        let token = source.remotes.first().and_then(|remote| remote.token.as_ref());
        if let Some(Token::File(path)) = token.filter(|token| matches!(token, Token::File(path) if !path.is_file())) {
            fault("token_fil", format!("token_fil of source `{name}`: there is no file {}", path.display()));
        }
    }
    let products = || contracts.iter().map(|contract| contract.product.as_str()).chain(planned.products());
    for name in config.products.keys().filter(|name| !products().any(|product| product == *name)) {
        let nearest = closed::nearest(name, products()).unwrap_or("");
        fault(&format!("product.{name}]"), format!("there is no product `{name}`; the nearest is `{nearest}`"));
    }
    for (key, what) in config.notice.faults() {
        fault(key, what);
    }
    for (key, folder) in [("queries", &config.queries), ("site", &config.site)] {
        if let Some(folder) = folder.as_ref().filter(|folder| !folder.is_dir()) {
            fault(&format!("{key} ="), format!("[paths] {key}: there is no folder {}", folder.display()));
        }
    }
    faults
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of the contract of `lege` after a change, when another contract is broken as well.
    fn told(old: &str, new: &str) -> Vec<String> {
        let mut written = embedded::contracts().unwrap();
        let lege = String::from_utf8(written["lege.toml"].clone()).unwrap();
        assert!(lege.contains(old), "{old}");
        written.insert("lege.toml".to_owned(), lege.replacen(old, new, 1).into_bytes());
        let mut sources = Sources::new();
        remember("pipeline/contracts", &written, &mut sources);
        let (contracts, faults) = contracts(&written, &sources);
        assert_eq!(contracts.len() + faults.len(), written.len());
        faults.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_broken_contract_is_told_with_file_and_line() {
        let text = String::from_utf8(embedded::contracts().unwrap()["lege.toml"].clone()).unwrap();
        let line = |part: &str| text.lines().position(|line| line.contains(part)).unwrap() + 1;
        for (old, new, at, what) in [
            ("orden = [", "rekkefolge = [", line("orden = ["), "unknown key `rekkefolge`"),
            ("noekkel = [\"rekv", "noekkel = [\"rkv", line("noekkel = ["), "no column `rkvirent_hpr`"),
            ("type = \"heltall\"\n", "type = \"heltal\"\n", line("type = \"heltall\""), "`heltal`"),
            ("grense = \"gyldig_til\"", "grense = \"gyldig_ti\"", line("grense = "), "no column `gyldig_ti`"),
        ] {
            let told = told(old, new);
            assert_eq!(told.len(), 1, "{told:?}");
            assert!(told[0].starts_with(&format!("pipeline/contracts/lege.toml:{at}: contract: ")), "{at} {told:?}");
            assert!(told[0].contains(what), "{told:?}");
        }
        assert!(told("kilde", "kilde").is_empty());
        let sources: std::collections::BTreeSet<String> =
            Contract::embedded().unwrap().into_iter().map(|contract| format!("{}.toml", contract.source)).collect();
        assert!(embedded::contracts().unwrap().keys().eq(&sources), "a file that Contract::embedded does not name");
    }

    #[test]
    fn a_number_without_a_unit_in_a_contract_is_told_at_its_column() {
        let text = String::from_utf8(embedded::contracts().unwrap()["lege.toml"].clone()).unwrap();
        let unit = text.lines().find(|line| line.starts_with("enhet = ")).unwrap();
        let before = &text[..text.find(unit).unwrap()];
        let column = before.lines().rev().find(|line| line.starts_with("navn = ")).unwrap();
        let at = before.lines().count() - before.lines().rev().position(|line| line == column).unwrap();
        let told = told(&format!("{unit}\n"), "");
        assert!(told[0].starts_with(&format!("pipeline/contracts/lege.toml:{at}: contract: ")), "{told:?}");
        assert!(told[0].contains("a number needs its unit"), "{told:?}");
    }
}
