//! The commands for looking: `check` tells every fault with file and line, `check --delivery` what ingest would say,
//! `explain` leads a figure back to delivered lines, `serve` shows a release and nothing else.

mod explain;
mod serve;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use speil::run::ExitCode;

use crate::support::Root;

fn command(root: &Root, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_speil"));
    command.args(arguments).arg("--config").arg(root.path().join("speil.toml"));
    command
}

fn speil(root: &Root, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = command(root, arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

/// Path → SHA-256 of everything below a folder.
fn hashes(folder: &Path) -> BTreeMap<PathBuf, String> {
    let files = speil::disk::files_below(folder).unwrap().into_iter().filter(|file| folder.join(file).is_file());
    files.map(|file| (file.clone(), speil::disk::sha256_of_file(&folder.join(file)).unwrap())).collect()
}

// check

/// A root whose SQL and site are copies that a test may break.
fn with_copies() -> Root {
    let root = Root::empty();
    for folder in ["queries", "site"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for file in speil::disk::files_below(&from).unwrap() {
            put(&root, &format!("{folder}/{}", file.display()), &fs::read(from.join(&file)).unwrap());
        }
    }
    append(&root, "speil.toml", "\n[paths]\nqueries = \"queries\"\nsite = \"site\"\n");
    root
}

fn put(root: &Root, file: &str, bytes: &[u8]) {
    let path = root.path().join(file);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

fn read(root: &Root, file: &str) -> String {
    fs::read_to_string(root.path().join(file)).unwrap()
}

fn append(root: &Root, file: &str, text: &str) {
    put(root, file, (read(root, file) + text).as_bytes());
}

/// Replaces the first `old` in a file. Returns the line it stood on.
fn replace(root: &Root, file: &str, old: &str, new: &str) -> usize {
    let text = read(root, file);
    let at = text.find(old).unwrap_or_else(|| panic!("{file} does not hold {old}"));
    put(root, file, text.replacen(old, new, 1).as_bytes());
    text[..at].matches('\n').count() + 1
}

/// The faults that `check` tells, after it has ended with 10.
fn faults(root: &Root) -> Vec<String> {
    let (code, told, errors) = speil(root, &["check"]);
    assert_eq!(code, Some(10), "{told}{errors}");
    told.lines().map(str::to_owned).collect()
}

#[track_caller]
fn assert_told(told: &[String], place: &str, what: &str) {
    let found = told.iter().any(|line| line.starts_with(&format!("{place}: ")) && line.contains(what));
    assert!(found, "no `{place}: … {what}` in\n{}", told.join("\n"));
}

#[test]
fn a_sound_repository_holds_and_nothing_is_made() {
    let root = with_copies();
    let before = hashes(root.path());
    let (code, told, errors) = speil(&root, &["check"]);
    assert_eq!((code, told.lines().count()), (Some(0), 1), "{told}{errors}");
    assert!(told.contains("speil.toml holds: "), "{told}");
    assert_eq!(hashes(root.path()), before);
    // The embedded files hold as well.
    let (code, told, errors) = speil(&Root::empty(), &["check"]);
    assert_eq!(code, Some(0), "{told}{errors}");
}

#[test]
fn faults_in_several_sql_files_are_all_told_with_file_and_line() {
    let root = with_copies();
    let q = |name: &str| format!("queries/reservasjon/{name}.sql");
    let column = replace(&root, &q("lege_gruppe"), "c.byttegruppe,", "c.byttegrupper,");
    let unit = replace(&root, &q("lege_sum_maaned"), "[columns.utleveringer_reservert]\nunit = \"utleveringer\"\n", "");
    let key = replace(&root, &q("stratum"), "versjon = 1", "versjn = 1");
    append(&root, &q("vare_brudd"), ";\nselect 1\n");
    let brudd = read(&root, &q("vare_brudd")).lines().position(|line| line == "---*/").unwrap() + 2;
    let table = replace(&root, &q("trakt_lege"), "from lege_sum", "from lege_smu");
    let check = replace(&root, &q("lege_sum"), "from lege_sum group", "from lege_summ group");
    put(
        &root,
        &q("oedelegger"),
        b"/*---\ntitle = \"T\"\naudience = \"arbeid\"\ngrain = [\"a\"]\nversjon = 1\n---*/\ndelete from lege\n",
    );
    let told = faults(&root);
    assert_told(&told, &format!("{}:{column}", q("lege_gruppe")), "byttegrupper");
    let line =
        read(&root, &q("lege_sum_maaned")).lines().position(|l| l.contains("utleveringer_reservert")).unwrap() + 1;
    assert!(line > unit - 1);
    assert_told(&told, &format!("{}:{line}", q("lege_sum_maaned")), "unit: column `utleveringer_reservert`");
    assert_told(&told, &format!("{}:{key}", q("stratum")), "unknown key `versjn`; the nearest known one is `versjon`");
    assert_told(&told, &format!("{}:{brudd}", q("vare_brudd")), "more than one statement");
    assert_told(&told, &format!("{}:{table}", q("trakt_lege")), "no table `lege_smu`; the nearest is `lege_sum`");
    assert_told(&told, &format!("{}:{check}", q("lege_sum")), "lege_summ");
    assert_told(&told, &format!("{}:7", q("oedelegger")), "sql: ");
    let told: Vec<_> = told.iter().filter(|line| line.starts_with("queries/")).collect();
    assert_eq!(told.len(), 7, "what only follows from another fault is told: {told:#?}");
}

#[test]
fn a_circle_and_another_products_table_are_told() {
    let root = with_copies();
    let model = |reads: &str| {
        format!(
            "/*---\ntitle = \"T\"\naudience = \"arbeid\"\ngrain = [\"a\"]\nversjon = 1\n---*/\nselect a\nfrom {reads}\n"
        )
    };
    put(&root, "queries/reservasjon/a1.sql", model("a2").as_bytes());
    put(&root, "queries/reservasjon/a2.sql", model("a1").as_bytes());
    let other = "/*---\ntitle = \"T\"\naudience = \"arbeid\"\ngrain = [\"rekvirent_hpr\"]\nversjon = 1\n[columns.rekvirent_hpr]\nunit = \"HPR\"\n---*/\nselect rekvirent_hpr\nfrom lege_sum\norder by rekvirent_hpr\n";
    put(&root, "queries/annet/b1.sql", other.as_bytes());
    let told = faults(&root);
    assert_told(&told, "queries/reservasjon/a1.sql:8", "read each other in a circle");
    assert_told(&told, "queries/annet/b1.sql:10", "lege_sum belongs to reservasjon");
    assert_eq!(told.iter().filter(|line| line.starts_with("queries/")).count(), 2, "{told:#?}");
}

#[test]
fn faults_in_templates_texts_and_pages_are_all_told_with_file_and_line() {
    let root = with_copies();
    let t = |name: &str| format!("site/templates/{name}");
    let column = replace(&root, &t("lege/hovedtall.html"), "own.forventet|desimal", "own.forventt|desimal");
    let in_rows = replace(&root, &t("lege/maaneder.html"), "month.utleveringer|antall", "month.utlevering|antall");
    let no_text = replace(&root, &t("forside.html"), "text(\"forside.hva_tall\")", "text(\"forside.hva_tal\")");
    let syntax = replace(&root, &t("histogramtabell.html"), "{% endfor %}", "{% endfr %}");
    let threshold =
        replace(&root, &t("nasjonalt.html"), "threshold(\"offentlig_leger\")", "threshold(\"offentlig_lege\")");
    let texts = "site/texts/nb.toml";
    append(&root, texts, "\nforside.til_overs = \"Ingen bruker denne\"\n");
    let left_over = read(&root, texts).lines().position(|line| line.starts_with("forside.til_overs")).unwrap() + 1;
    let unused = read(&root, texts).lines().position(|line| line.starts_with("forside.hva_tall ")).unwrap() + 1;
    let pages = "site/pages/reservasjon.toml";
    let page = replace(&root, pages, "    \"reservasjonsgrad_lege_maaned\",", "    \"reservasjonsgrad_lege_mnd\",");
    let front = replace(&root, "site/pages/felles.toml", "\"reservasjon_fordeling\"", "\"reservasjonsgrad_lege\"");
    let told = faults(&root);
    assert_told(&told, &format!("{}:{no_text}", t("forside.html")), "there is no text 'forside.hva_tal'");
    assert_told(&told, &format!("{}:{syntax}", t("histogramtabell.html")), "endfr");
    assert_told(&told, &format!("{}:{threshold}", t("nasjonalt.html")), "there is no threshold 'offentlig_lege'");
    assert_told(&told, &format!("{texts}:{left_over}"), "'forside.til_overs' is used by no template");
    assert_told(&told, &format!("{texts}:{unused}"), "'forside.hva_tall' is used by no template");
    assert_told(&told, &format!("{pages}:{page}"), "no table `reservasjonsgrad_lege_mnd`");
    assert_told(&told, &format!("site/pages/felles.toml:{front}"), "reservasjonsgrad_lege is for lege");
    // The doctor's page has a wrong table; when that is mended its templates are filled.
    replace(&root, pages, "reservasjonsgrad_lege_mnd", "reservasjonsgrad_lege_maaned");
    let told = faults(&root);
    assert_told(&told, &format!("{}:{column}", t("lege/hovedtall.html")), "forventt");
    assert_told(&told, &format!("{}:{in_rows}", t("lege/maaneder.html")), "utlevering");
}

#[test]
fn faults_behind_a_filter_on_a_code_are_told() {
    let t = |name: &str| format!("site/templates/too/{name}.html");
    let broken = [
        ("tall", "ended.n|antall", "ended.nn|antall", "nn"),
        ("fylkestabell", "queue.over_52|antall", "queue.over_53|antall", "over_53"),
        ("kvittering", "regel=\"lagret\")|sum(\"antall\")", "regel=\"lagret\")|sum(\"antal\")", "antal"),
    ];
    // One at a time: a page tells of its first.
    for (name, old, new, what) in broken {
        let root = with_copies();
        let line = replace(&root, &t(name), old, new);
        let told = faults(&root);
        assert_told(&told, &format!("{}:{line}", t(name)), what);
        assert_eq!(told.len(), 1, "{told:#?}");
    }
}

#[test]
fn every_language_has_the_same_keys_and_slots() {
    let root = with_copies();
    let nn = read(&root, "site/texts/nb.toml").replace("portal.forside = \"Forside\"\n", "").replace(
        "verdi.mangler_fordi = \"ikke tilgjengelig ({grunn})\"",
        "verdi.mangler_fordi = \"ikkje tilgjengeleg\"",
    );
    put(&root, "site/texts/nn.toml", (nn + "portal.framside = \"Framside\"\n").as_bytes());
    let told = faults(&root);
    assert_told(&told, "site/texts/nn.toml:1", "'portal.forside' is missing");
    let line = |key: &str| read(&root, "site/texts/nn.toml").lines().position(|l| l.starts_with(key)).unwrap() + 1;
    assert_told(&told, &format!("site/texts/nn.toml:{}", line("verdi.mangler_fordi")), "slots");
    assert_told(&told, &format!("site/texts/nn.toml:{}", line("portal.framside")), "'portal.framside'");
    assert_eq!(told.iter().filter(|line| line.starts_with("site/texts/")).count(), 3, "{told:#?}");
}

#[test]
fn files_that_cannot_be_read_do_not_hide_the_others() {
    let root = with_copies();
    let nb = replace(&root, "site/texts/nb.toml", "portal.forside = \"Forside\"", "portal.forside = \"Forside");
    let page = replace(&root, "site/pages/reservasjon.toml", "tree = \"lege\"", "tree = \"leger\"");
    let front = replace(&root, "site/pages/felles.toml", "\"forside.html\"", "\"forsida.html\"");
    let wrong = replace(
        &root,
        "site/templates/nasjonalt.html",
        "{% include \"hovedtall.html\" %}",
        "{% include \"hoved.html\" %}",
    );
    let told = faults(&root);
    assert_told(&told, &format!("site/texts/nb.toml:{nb}"), "text: ");
    assert_told(&told, &format!("site/pages/reservasjon.toml:{page}"), "leger");
    assert_told(
        &told,
        &format!("site/pages/felles.toml:{front}"),
        "no template 'forsida.html'; the nearest is 'forside.html'",
    );
    assert_told(&told, &format!("site/templates/nasjonalt.html:{wrong}"), "no template 'hoved.html'");
}

#[test]
fn a_wrong_configuration_is_told_with_its_line() {
    let root = with_copies();
    append(&root, "speil.toml", "[source.utlevring]\nurl = \"landing/*\"\n[product.reservasjn]\n");
    let file = root.path().join("speil.toml");
    let line = |text: &str| read(&root, "speil.toml").lines().position(|line| line.contains(text)).unwrap() + 1;
    let told = faults(&root);
    assert_told(&told, &format!("{}:{}", file.display(), line("[source.utlevring]")), "the nearest is `utlevering`");
    assert_told(&told, &format!("{}:{}", file.display(), line("[product.reservasjn]")), "the nearest is `reservasjon`");
    replace(&root, "speil.toml", "site = \"site\"", "sight = \"site\"");
    assert_told(&faults(&root), &format!("{}:{}", file.display(), line("sight")), "unknown key `sight`");
}

// check --delivery

const MONTH: &str = "landing/utlevering/utlevering_2026-10.csv";

#[test]
fn a_delivery_is_judged_as_ingest_would_and_nothing_changes() {
    let root = Root::tiny();
    let file = root.path().join(MONTH);
    let whole = fs::read_to_string(&file).unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let sent = elsewhere.path().join("utlevering_2026-10.csv");
    fs::remove_file(&file).unwrap();
    root.run_to(ExitCode::Done);
    let before = hashes(root.path());
    let judge = |text: &str| {
        fs::write(&sent, text).unwrap();
        speil(&root, &["check", "--delivery", sent.to_str().unwrap()])
    };
    let mut lines: Vec<String> = whole.lines().map(str::to_owned).collect();
    let n = lines.len() - 1;
    let at = lines[0].split(';').position(|name| name == "utleveringsdato").unwrap();
    let mut fields: Vec<&str> = lines[3].split(';').collect();
    fields[at] = "2026-11-01";
    lines[3] = fields.join(";");
    let (code, told, errors) = judge(&(lines.join("\n") + "\n"));
    assert_eq!(code, Some(0), "{told}{errors}");
    assert!(told.starts_with("utlevering_2026-10.csv would be accepted as utlevering 2026-10: "), "{told}");
    assert!(told.contains(&format!("of {n} rows")) && told.contains("1 quarantined (utenfor_maaned 1)"), "{told}");
    assert!(told.contains("\n  line 4: utenfor_maaned: utleveringsdato: is outside 2026-10"), "{told}");

    let (code, told, _) = judge(&whole.replacen("reservasjon;", "reservert;", 1));
    assert_eq!(code, Some(20), "{told}");
    assert!(told.starts_with("utlevering_2026-10.csv would be refused: "), "{told}");
    assert!(told.contains("column `reservert` is not in the contract"), "{told}");
    // The very words of ingest.
    fs::write(&file, fs::read(&sent).unwrap()).unwrap();
    let by_ingest = root.run_to(ExitCode::Refused).ingested.refused.remove(0).reason;
    assert!(told.contains(&by_ingest), "{told}\n{by_ingest}");
    fs::remove_file(&file).unwrap();
    let without = |mut hashes: BTreeMap<PathBuf, String>| {
        hashes.retain(|file, _| !file.starts_with("runs"));
        hashes
    };
    assert_eq!(without(hashes(root.path())), without(before));
}

#[test]
fn a_delivery_that_is_in_force_changed_or_wrongly_named_is_told_so() {
    let root = Root::tiny();
    root.run_to(ExitCode::Done);
    let file = root.path().join(MONTH);
    let (code, told, _) = speil(&root, &["check", "--delivery", file.to_str().unwrap()]);
    assert_eq!(code, Some(0));
    assert!(told.contains("nothing new: it is in force"), "{told}");
    let elsewhere = tempfile::tempdir().unwrap();
    let sent = elsewhere.path().join("utlevering_2026-10.csv");
    fs::write(&sent, fs::read_to_string(&file).unwrap().lines().take(500).collect::<Vec<_>>().join("\n") + "\n")
        .unwrap();
    let (code, told, _) = speil(&root, &["check", "--delivery", sent.to_str().unwrap()]);
    assert_eq!(code, Some(20), "{told}");
    assert!(told.contains("name it _v2"), "{told}");
    let odd = elsewhere.path().join("oktober.csv");
    fs::copy(&sent, &odd).unwrap();
    let (code, told, _) = speil(&root, &["check", "--delivery", odd.to_str().unwrap()]);
    assert_eq!(code, Some(20), "{told}");
    assert!(told.contains("utlevering_2026-01.csv"), "{told}");
    let (code, _, errors) = speil(&root, &["check", "--delivery", sent.to_str().unwrap(), "--source", "utlevring"]);
    assert_eq!(code, Some(2));
    assert!(errors.contains("the nearest is `utlevering`"), "{errors}");
}
