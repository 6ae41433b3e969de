//! The repository's own rules: module docs, file sizes, layering, one version of each engine crate, a true README.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &str) -> Vec<(PathBuf, String)> {
    let files = speil::disk::files_below(&repository().join(folder)).unwrap();
    let rust = files.into_iter().filter(|file| file.extension().is_some_and(|kind| kind == "rs"));
    rust.map(|file| {
        let path = Path::new(folder).join(file);
        let text = fs::read_to_string(repository().join(&path)).unwrap();
        (path, text)
    })
    .collect()
}

#[test]
fn every_module_says_what_it_is_for_and_stays_readable_in_size() {
    let files = [rust_files("pipeline"), rust_files("tests")].concat();
    assert!(files.len() > 40);
    for (path, text) in files {
        assert!(text.starts_with("//!"), "{} does not begin with //!", path.display());
        assert!(text.lines().count() <= 450, "{} has {} lines", path.display(), text.lines().count());
    }
}

/// The order in which one module may call another.
const ORDER: [&str; 21] = [
    "calendar",
    "closed",
    "disk",
    "config",
    "embedded",
    "contract",
    "engine",
    "lake",
    "erasure",
    "fetch",
    "ingest",
    "model",
    "check",
    "disclosure",
    "export",
    "render",
    "publish",
    "run",
    "inspect",
    "demo",
    "main",
];

/// `demo` makes deliveries and must not know what is made of them.
const DEMO_MAY_CALL: [&str; 2] = ["calendar", "disk"];

#[test]
fn a_module_calls_only_what_stands_before_it() {
    for (path, text) in rust_files("pipeline") {
        let module = path.iter().nth(1).unwrap().to_string_lossy().trim_end_matches(".rs").to_owned();
        if ["lib", "main", "cli", "log"].contains(&module.as_str()) {
            continue;
        }
        let rank = |name: &str| ORDER.iter().position(|known| *known == name);
        let own = rank(&module).unwrap_or_else(|| panic!("{module} has no place in the order"));
        for call in text.split("crate::").skip(1) {
            // `use crate::{a, b}` names several.
            let names: Vec<&str> = match call.strip_prefix('{') {
                Some(list) => list.split('}').next().unwrap().split(',').map(str::trim).collect(),
                None => vec![call],
            };
            for name in names {
                let name: String = name.chars().take_while(|c| c.is_ascii_lowercase() || *c == '_').collect();
                let Some(called) = rank(&name) else { continue };
                assert!(called <= own, "{}: {module} calls {name}, which stands after it", path.display());
                let allowed = module != "demo" || name == "demo" || DEMO_MAY_CALL.contains(&name.as_str());
                assert!(allowed, "{}: demo calls {name}", path.display());
            }
        }
    }
}

#[test]
fn only_engine_and_lake_know_sessions_and_render_does_no_io() {
    for (path, text) in rust_files("pipeline") {
        let name = path.to_string_lossy().into_owned();
        let may = name.starts_with("pipeline/engine") || name.starts_with("pipeline/lake");
        assert!(may || !text.contains("datafusion::"), "{name} knows DataFusion");
        if name.starts_with("pipeline/render") && !name.ends_with("/tidy.rs") {
            for word in ["std::fs", "disk::", "arrow::"] {
                let code = text.split("#[cfg(test)]").next().unwrap();
                assert!(!code.contains(word), "{name} uses {word}");
            }
        }
        let clock = text.contains("Zoned::now") || text.contains("Timestamp::now");
        let may = ["pipeline/main.rs", "pipeline/run.rs", "pipeline/run/night.rs", "pipeline/run/plan.rs"];
        assert!(!clock || may.contains(&name.as_str()), "{name} reads the clock");
    }
}

#[test]
fn one_version_of_each_engine_crate() {
    let lock = fs::read_to_string(repository().join("Cargo.lock")).unwrap();
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for package in lock.split("[[package]]").skip(1) {
        let field = |name: &str| {
            let line = package.lines().find_map(|line| line.strip_prefix(name));
            line.map(|value| value.trim_matches(|c| c == '"' || c == ' ' || c == '=')).unwrap()
        };
        versions.entry(field("name")).or_default().push(field("version"));
    }
    for name in ["arrow", "arrow-array", "parquet", "datafusion", "object_store", "chrono", "zstd", "minijinja"] {
        assert_eq!(versions[name].len(), 1, "{name}: {:?}", versions[name]);
    }
    assert!(versions["datafusion"][0].starts_with("55.") && versions["arrow"][0].starts_with("59."));
}

#[test]
fn the_top_level_is_agreed_and_the_readme_names_both_commands() {
    let agreed = ["Cargo.toml", "Cargo.lock", "README.md", "LICENSE", "pipeline", "queries", "site", "tests"];
    for entry in fs::read_dir(repository()).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        let made = ["target", "demo"].contains(&name.as_str());
        assert!(agreed.contains(&name.as_str()) || name.starts_with('.') || made, "{name} is at the top level");
    }
    let readme = fs::read_to_string(repository().join("README.md")).unwrap();
    for command in ["cargo run --release -- demo", "bash tests/run"] {
        assert!(readme.contains(command), "README.md does not name `{command}`");
    }
}
