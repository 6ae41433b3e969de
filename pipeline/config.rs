//! `speil.toml`: where things are, which products are on, and the thresholds that definitions leave to configuration.
//!
//! Knows nothing of deliveries or tables. What a user wrote becomes checked values here and nowhere else.

mod dates;
mod fetching;
mod notice;
mod product;
mod schedule;
mod source;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use serde::Deserialize;

use crate::{closed, disk};

pub use dates::Dates;
pub use fetching::Fetching;
use fetching::WrittenFetching;
pub use notice::{Notice, Webhook};
use notice::{WrittenMetrics, WrittenNotice};
use product::WrittenProduct;
pub use product::{NOTICE, Product};
pub use schedule::{OSLO, Schedule};
use source::WrittenSource;
pub use source::{
    ACCEPTABLE, Checksum, DATE_SLOT, Expected, MONTH_SLOT, Remote, Source, Token, is_half_written, is_plain_name,
    is_sha256,
};

/// A checked configuration: paths are absolute or relative to the working folder, thresholds are filled in.
#[derive(Clone, Debug)]
pub struct Config {
    /// The folder that holds the configuration file; source globs are relative to it.
    pub base: PathBuf,
    /// The working root: lake, quarantine, runs, releases and `state.json` are below it.
    pub root: PathBuf,
    /// Whether the deliveries are made up; every page then carries a banner.
    pub synthetic: bool,
    /// One entry per source that is delivered.
    pub sources: BTreeMap<String, Source>,
    /// How they are fetched.
    pub fetching: Fetching,
    /// One entry per product, with its thresholds.
    pub products: BTreeMap<String, Product>,
    /// How much of the machine the engine may use.
    pub engine: EngineSettings,
    /// Where a run's measures go, and who is told of its end.
    pub notice: Notice,
    /// How many releases stay; at least 1. The one that is shown and the one that `rollback` would show always do.
    pub releases_kept: usize,
    /// Folders that replace the embedded `queries/` and `site/`, for work on them.
    pub queries: Option<PathBuf>,
    /// See [`Config::queries`].
    pub site: Option<PathBuf>,
    /// The file's name for messages, and its text for line numbers.
    file: String,
    text: String,
}

/// The engine's share of the machine. Recorded in the manifest; no figure depends on it.
#[derive(Clone, Debug, Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields, default)]
pub struct EngineSettings {
    /// How many partitions a query is spread over; absent = the machine's cores.
    pub target_partitions: Option<usize>,
    /// The memory pool in MiB; sorts and joins that need more spill to disk.
    pub memory_mib: usize,
    /// DataFusion's option of the same name: from which share of distinct keys partial aggregation is left out.
    pub skip_partial_aggregation_probe_ratio_threshold: f64,
}

impl Default for EngineSettings {
    fn default() -> Self {
        EngineSettings { target_partitions: None, memory_mib: 768, skip_partial_aggregation_probe_ratio_threshold: 0.2 }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    root: String,
    #[serde(default)]
    syntetisk: bool,
    #[serde(default)]
    source: BTreeMap<String, WrittenSource>,
    #[serde(default)]
    henting: WrittenFetching,
    #[serde(default)]
    product: BTreeMap<String, WrittenProduct>,
    #[serde(default)]
    engine: EngineSettings,
    #[serde(default)]
    utgivelser: WrittenReleases,
    #[serde(default)]
    paths: WrittenPaths,
    #[serde(default)]
    maaling: WrittenMetrics,
    #[serde(default)]
    varsling: WrittenNotice,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
struct WrittenReleases {
    behold: usize,
}

impl Default for WrittenReleases {
    fn default() -> Self {
        WrittenReleases { behold: 14 }
    }
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
struct WrittenPaths {
    queries: Option<String>,
    site: Option<String>,
}

impl Config {
    /// Reads and checks a configuration file.
    pub fn load(file: &Path) -> anyhow::Result<Config> {
        let text = disk::read_text(file)?;
        let base = file.parent().unwrap_or(Path::new(".")).to_owned();
        Config::parse(&text, &file.display().to_string(), base)
    }

    fn parse(text: &str, file: &str, base: PathBuf) -> anyhow::Result<Config> {
        let written: Written = closed::parse(text, file, 1)?;
        ensure!(!written.root.is_empty(), "{file}: `root` is empty; write the folder the program may work in");
        ensure!(written.engine.memory_mib >= 64, "{file}: `engine.memory_mib` is below 64");
        ensure!(written.engine.target_partitions != Some(0), "{file}: `engine.target_partitions` is 0");
        let sources = written
            .source
            .into_iter()
            .map(|(name, source)| {
                let place = || format!("{}: [source.{name}]", place(text, file, &format!("source.{name}")));
                let checked = source.check(&base).with_context(place)?;
                Ok((name, checked))
            })
            .collect::<anyhow::Result<_>>()?;
        let fetching =
            written.henting.check().with_context(|| format!("{}: [henting]", place(text, file, "henting")))?;
        ensure!(
            written.utgivelser.behold > 0,
            "{file}: `utgivelser.behold` is 0; at least the release that is shown stays"
        );
        let products = written
            .product
            .into_iter()
            .map(|(name, product)| {
                let checked = product.check().with_context(|| format!("{file}: [product.{name}]"))?;
                Ok((name, checked))
            })
            .collect::<anyhow::Result<_>>()?;
        let root = base.join(&written.root);
        let notice = Notice::check(written.maaling, written.varsling, &base, &root).context(file.to_owned())?;
        Ok(Config {
            root,
            notice,
            synthetic: written.syntetisk,
            sources,
            fetching,
            products,
            engine: written.engine,
            releases_kept: written.utgivelser.behold,
            queries: written.paths.queries.map(|path| base.join(path)),
            site: written.paths.site.map(|path| base.join(path)),
            base,
            file: file.to_owned(),
            text: text.to_owned(),
        })
    }

    /// Every source and product that is named is one of these. A misspelt one would otherwise be off without a word.
    pub fn check_names(&self, sources: &BTreeSet<String>, products: &BTreeSet<String>) -> anyhow::Result<()> {
        let named = |kind, names: Vec<&String>, known| self.check_kind(kind, names, known);
        named("source", self.sources.keys().collect(), sources)?;
        // One that is ended may be known to nobody any more.
        let on = self.products.iter().filter(|(_, product)| !product.ended);
        named("product", on.map(|(name, _)| name).collect(), products)
    }

    fn check_kind(&self, kind: &str, names: Vec<&String>, known: &BTreeSet<String>) -> anyhow::Result<()> {
        for name in names {
            let nearest = || closed::nearest(name, known.iter().map(String::as_str)).unwrap_or("").to_owned();
            ensure!(
                known.contains(name),
                "{}: there is no {kind} `{name}`; the nearest is `{}`",
                self.at(kind, name),
                nearest()
            );
        }
        Ok(())
    }

    /// A product that has some of the sources it needs has all of them; with none it is off.
    pub fn check_complete(&self, product: &str, needed: &BTreeSet<String>) -> anyhow::Result<()> {
        let missing: Vec<&str> =
            needed.iter().filter(|source| !self.sources.contains_key(*source)).map(String::as_str).collect();
        ensure!(
            missing.is_empty() || missing.len() == needed.len(),
            "{}: product {product} also needs [source.{}]; add it, or remove all of its sources to leave {product} out",
            self.file,
            missing.join("], [source.")
        );
        Ok(())
    }

    /// A product that readers have seen is configured, or ended on purpose: a section that was lost must not end it.
    pub fn lost(&self, product: &str, sources: &[&str]) -> anyhow::Error {
        let sources = match sources {
            [] => "the sources that it is made from".to_owned(),
            sources => format!("[source.{}]", sources.join("], [source.")),
        };
        anyhow::anyhow!(
            "{}: the release that is shown has product {product}, and nothing here switches it on any more; put {sources} \
             back, or end it on purpose with `av = true` below [product.{product}]",
            self.file
        )
    }

    /// A product that is ended has no source of its own, which would be taken in for nobody.
    pub fn check_ended(&self, product: &str, own: &[&str]) -> anyhow::Result<()> {
        let left = own.iter().find(|source| self.product(product).ended && self.sources.contains_key(**source));
        left.map_or(Ok(()), |source| {
            anyhow::bail!(
                "{}: `av = true` ends {product}, and [source.{source}] is still there; take its sources out, or take \
                 `av` out",
                self.at("product", product)
            )
        })
    }

    /// `file:line` of the first table of a kind and name, of the file alone when it is written in another way.
    fn at(&self, kind: &str, name: &str) -> String {
        place(&self.text, &self.file, &format!("{kind}.{name}"))
    }

    /// A product's settings; the defaults when the configuration does not mention it.
    pub fn product(&self, name: &str) -> Product {
        self.products.get(name).cloned().unwrap_or_else(Product::default)
    }
}

/// `file:line` of the first table with this heading or one below it; the file alone when there is none.
fn place(text: &str, file: &str, heading: &str) -> String {
    let begins = |line: &str| {
        let rest = line.trim_start().strip_prefix('[').and_then(|line| line.strip_prefix(heading));
        rest.is_some_and(|rest| rest.starts_with([']', '.']))
    };
    match text.lines().position(begins) {
        Some(line) => format!("{file}:{}", line + 1),
        None => file.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> anyhow::Result<Config> {
        Config::parse(text, "speil.toml", PathBuf::from("/d"))
    }

    #[test]
    fn a_short_configuration_has_the_definitions_thresholds() {
        let config = parse("root = \".\"\n[source.lege]\nurl = \"landing/lege/*\"\n").unwrap();
        assert_eq!(config.root, PathBuf::from("/d/."));
        assert_eq!(config.product("reservasjon").thresholds["stratum_linjer"], 500);
        assert_eq!(config.product("reservasjon").paragraphs, [200, 300, 301, 302, 400]);
        assert_eq!(config.releases_kept, 14);
        let kept =
            |n: usize| parse(&format!("root = \".\"\n[utgivelser]\nbehold = {n}\n")).map(|config| config.releases_kept);
        assert_eq!(kept(1).unwrap(), 1);
        assert!(kept(0).unwrap_err().to_string().contains("`utgivelser.behold` is 0"));
    }

    #[test]
    fn a_legal_basis_and_a_contact_are_one_line_that_says_something() {
        let basis = |text: &str| {
            let text = format!("root = \".\"\n[product.p]\nrettsgrunnlag = {text}\n");
            parse(&text).map(|config| config.product("p").legal_basis)
        };
        assert_eq!(basis("\" § 1 \"").unwrap().as_deref(), Some("§ 1"));
        assert_eq!(parse("root = \".\"\n").unwrap().product("p").legal_basis, None);
        let contact = |text: &str| {
            let text = format!("root = \".\"\n[product.p]\nhenvendelse = {text}\n");
            parse(&text).map(|config| config.product("p").contact)
        };
        assert_eq!(contact("\"a@b.no\"").unwrap().as_deref(), Some("a@b.no"));
        for wrong in ["\"\"", "\" \"", "\"…\"", "\"a\\nb\""] {
            assert!(format!("{:#}", basis(wrong).unwrap_err()).contains("`rettsgrunnlag` is one line"), "{wrong}");
            assert!(format!("{:#}", contact(wrong).unwrap_err()).contains("`henvendelse` is one line"), "{wrong}");
        }
    }

    #[test]
    fn unknown_keys_and_thresholds_name_the_nearest() {
        let error = parse("root = \".\"\n[sorce.lege]\nurl = \"x\"\n").err().unwrap();
        assert_eq!(error.to_string(), "speil.toml:2: unknown key `sorce`; the nearest known one is `source`");
        let text = "root = \".\"\n[product.reservasjon.terskler]\nstratum_linje = 1\n";
        let error = format!("{:#}", parse(text).err().unwrap());
        assert!(error.contains("`stratum_linje`; the nearest known one is `stratum_linjer`"), "{error}");
    }

    #[test]
    fn misspelt_sources_and_products_name_line_and_nearest() {
        let known = |names: [&str; 2]| names.map(str::to_owned).into();
        let (sources, products) = (known(["lege", "fest"]), known(["reservasjon", "too"]));
        let check = |text: &str| parse(text).unwrap().check_names(&sources, &products).map_err(|e| e.to_string());
        let text = "root = \".\"\n[source.lege]\nurl = \"x\"\n[product.reservasjon.terskler]\nfest_dager = 1\n";
        assert_eq!(check(text), Ok(()));
        let wrong = text.replace("lege", "leger");
        assert_eq!(check(&wrong).unwrap_err(), "speil.toml:2: there is no source `leger`; the nearest is `lege`");
        let wrong = text.replace("reservasjon", "reservasjn");
        assert_eq!(
            check(&wrong).unwrap_err(),
            "speil.toml:4: there is no product `reservasjn`; the nearest is `reservasjon`"
        );
    }

    #[test]
    fn a_product_that_is_ended_may_be_unknown_and_has_no_sources() {
        let ended = "root = \".\"\n[product.p]\nav = true\n";
        let config = parse(ended).unwrap();
        assert!(config.product("p").ended && !config.product("q").ended);
        config.check_names(&BTreeSet::new(), &BTreeSet::new()).unwrap();
        assert!(config.check_ended("p", &["lege"]).is_ok());
        let config = parse(&format!("{ended}[source.lege]\nurl = \"x\"\n")).unwrap();
        let error = config.check_ended("p", &["fest", "lege"]).unwrap_err().to_string();
        assert_eq!(
            error.split(" is still there").next().unwrap(),
            "speil.toml:2: `av = true` ends p, and [source.lege]"
        );
        assert!(config.check_ended("q", &["lege"]).is_ok());
    }

    #[test]
    fn a_product_has_all_of_its_sources_or_none() {
        let needed = ["lege", "fest", "utlevering"].map(str::to_owned).into();
        let check = |text: &str| parse(text).unwrap().check_complete("p", &needed).map_err(|e| e.to_string());
        assert_eq!(check("root = \".\"\n"), Ok(()));
        let error = check("root = \".\"\n[source.lege]\nurl = \"x\"\n").unwrap_err();
        assert!(
            error.starts_with("speil.toml: product p also needs [source.fest], [source.utlevering]; add"),
            "{error}"
        );
    }
}
