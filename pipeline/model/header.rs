//! A model file: TOML front matter between `/*---` and `---*/`, then one SQL statement. The whole header is closed.
//!
//! Knows nothing of data; what can be told from the file alone is checked here, with file and line.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, ensure};
use serde::{Deserialize, Serialize};

use crate::contract::Reference;
use crate::lake;
use crate::{closed, disk};

/// Who may see a table. A closed list: each has its own output tree, never one inside another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Audience {
    /// Anyone; passes disclosure control.
    Offentlig,
    /// The county whose folder a row belongs in.
    Fylke,
    /// The doctor whose folder a row belongs in.
    Lege,
    /// One group of staff.
    Intern,
    /// Nobody: a work table, never published.
    Arbeid,
}

/// How a model of one month is touched by an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Touch {
    /// By the input's rows of that month, and of other months whose rows concern it.
    Maaned,
    /// By the input's rows of that month only.
    EgenMaaned,
    /// By the snapshots that are in force on some day of the month, and the one after the last.
    Gyldighet,
    /// By all of the input.
    Hele,
}

/// Where rows about single events go: to whom they are about, outside the portal. A closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outbox {
    /// The county of the row's `mappe`.
    Fylke,
    /// KPR: one encrypted file of all rows, without `mappe`.
    Kpr,
}

/// What a public model says of itself where the rules for persons do not fit it. A closed list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Privacy {
    /// It is made from personal data and counts neither persons nor what they did.
    UtenPersoner,
}

/// What a column is.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnSpec {
    /// The unit; every numeric column has one.
    pub unit: Option<String>,
    /// Least and greatest value, both allowed.
    pub between: Option<[f64; 2]>,
    /// For a share: its numerator and denominator, in that order; it is hidden with them and rounded from them.
    #[serde(default)]
    pub avledet_av: Vec<String>,
    /// Why a value can be absent; without it an absent value fails the run.
    pub mangler: Option<String>,
    /// How many decimals are published, for numbers that are no shares.
    pub desimaler: Option<u32>,
    /// The column with the largest single doctor's part of this count (dominance, D7).
    pub storste: Option<String>,
    /// Whether this is the number of lines behind the row, of which a public row needs a least number (D7).
    #[serde(default)]
    pub grunnlag: bool,
    /// Whether this is which units (counties) the row covers, or how many where it cannot say which: two public values
    /// of one row that cover other units differ by what came or went (D5).
    #[serde(default)]
    pub dekning: bool,
    /// The column with the second largest.
    pub nest_storste: Option<String>,
    /// `table.column`, any of which must know the column's values.
    #[serde(default)]
    pub viser_til: Vec<String>,
    /// How many rows, per thousand, may break `viser_til`.
    pub hoyst_promille: Option<u64>,
    /// Values that refer to nothing.
    #[serde(default)]
    pub utenom: Vec<i64>,
    /// The threshold that says how far a headline may move from one release to the next, whatever explains it: tenths of
    /// a percentage point for a share, per thousand of the greater for a number.
    pub hoyst_endret: Option<String>,
}

/// A check of its own: a statement that finds rows which must not be there.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CheckSpec {
    /// The rule's name.
    pub navn: String,
    /// Finds what is wrong; the model's own table and those it reads are known.
    pub sql: String,
    /// The column of what it finds that the operator is told as well; of codes only, never of what was delivered.
    pub viser: Option<String>,
    /// What the operator is told.
    pub melding: String,
}

/// One model, checked as far as its file goes.
#[derive(Clone, Debug)]
pub struct Model {
    /// The table's name: the file's stem.
    pub name: String,
    /// The folder: a product, or `felles`.
    pub product: String,
    /// Path for messages, `queries/reservasjon/x.sql`.
    pub file: String,
    /// For readers, in Norwegian.
    pub title: String,
    /// Who may see it.
    pub audience: Audience,
    /// Unique key, and the order of the rows.
    pub grain: Vec<String>,
    /// The column that says whose folder a row belongs in.
    pub folder_column: Option<String>,
    /// To whom a work table's rows are handed over outside the portal; most are to nobody.
    pub outbox: Option<Outbox>,
    /// Other products whose tables it reads: the product is then never newer or older than they are.
    pub products_read: BTreeSet<String>,
    /// Whether its product is off until the configuration names a legal basis.
    pub needs_legal_basis: bool,
    /// What the counts are split by.
    pub dimensions: Vec<String>,
    /// Set where the rules for persons do not fit a public model; the header then gives the reason.
    pub privacy: Option<Privacy>,
    /// Raised when the meaning changes without the SQL.
    pub version: u32,
    /// Recomputed only for months whose inputs changed.
    pub incremental: bool,
    /// How inputs touch months.
    pub inputs: BTreeMap<String, Touch>,
    /// Columns.
    pub columns: BTreeMap<String, ColumnSpec>,
    /// Further checks, made while the table is computed, over what it reads.
    pub checks: Vec<CheckSpec>,
    /// Checks over all tables of the product, made when all are computed.
    pub agreements: Vec<CheckSpec>,
    /// Columns whose values must be known in other tables.
    pub references: Vec<Reference>,
    /// Why a published table may lose all its rows; absent when it may not.
    pub may_be_empty: Option<String>,
    /// The statement, led by as many line breaks as the header has, so that line numbers are the file's.
    pub sql: String,
    /// The tables it reads.
    pub reads: BTreeSet<String>,
    /// The whole file, for line numbers of header keys.
    text: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    title: String,
    audience: Audience,
    grain: Vec<String>,
    mappe: Option<String>,
    utboks: Option<Outbox>,
    #[serde(default)]
    bygger_paa: BTreeSet<String>,
    #[serde(default)]
    krever_rettsgrunnlag: bool,
    #[serde(default)]
    dimensjoner: Vec<String>,
    personvern: Option<Privacy>,
    personvern_grunn: Option<String>,
    versjon: u32,
    #[serde(default)]
    inkrementell: bool,
    #[serde(default)]
    input: BTreeMap<String, Touch>,
    #[serde(default)]
    columns: BTreeMap<String, ColumnSpec>,
    #[serde(default)]
    sjekk: Vec<CheckSpec>,
    #[serde(default)]
    avstemming: Vec<CheckSpec>,
    kan_vaere_tom: Option<String>,
}

const OPEN: &str = "/*---\n";
const CLOSE: &str = "\n---*/";

impl Model {
    /// Reads a model file.
    pub fn parse(product: &str, name: &str, text: &str) -> anyhow::Result<Model> {
        let file = format!("queries/{product}/{name}.sql");
        let rest = text.strip_prefix(OPEN).with_context(|| format!("{file}:1: the header must begin with /*---"))?;
        let (header, body) =
            rest.split_once(CLOSE).with_context(|| format!("{file}: the header must end with ---*/"))?;
        let written: Written = closed::parse(header, &file, 2)?;
        let reason = written.personvern_grunn.as_ref().is_some_and(|reason| !reason.trim().is_empty());
        let lines = OPEN.len() + header.len() + CLOSE.len();
        let sql = "\n".repeat(text[..lines].matches('\n').count()) + body;
        let reads = lake::tables_named(&sql).with_context(|| file.clone())?;
        let mut model = Model {
            name: name.to_owned(),
            product: product.to_owned(),
            title: written.title,
            audience: written.audience,
            grain: written.grain,
            folder_column: written.mappe,
            outbox: written.utboks,
            products_read: written.bygger_paa,
            needs_legal_basis: written.krever_rettsgrunnlag,
            dimensions: written.dimensjoner,
            privacy: written.personvern,
            version: written.versjon,
            incremental: written.inkrementell,
            inputs: written.input,
            references: Vec::new(),
            columns: written.columns,
            checks: written.sjekk,
            agreements: written.avstemming,
            may_be_empty: written.kan_vaere_tom,
            sql,
            reads,
            text: text.to_owned(),
            file,
        };
        model.check()?;
        model.references = model.references()?;
        ensure!(
            model.privacy.is_some() == reason,
            "{}: `personvern` and its reason, `personvern_grunn`, stand together",
            model.at("personvern")
        );
        Ok(model)
    }

    fn check(&self) -> anyhow::Result<()> {
        let file = &self.file;
        ensure!(!self.grain.is_empty(), "{}: `grain` names no column", self.at("grain"));
        ensure!(!self.reads.contains(&self.name), "{file}: the model reads itself");
        let to_a_county = self.outbox == Some(Outbox::Fylke);
        let has_folder = matches!(self.audience, Audience::Lege | Audience::Fylke) || to_a_county;
        ensure!(
            has_folder == self.folder_column.is_some(),
            "{}: `mappe` is for audience lege and fylke and for `utboks = \"fylke\"`, and required there",
            self.at("audience")
        );
        ensure!(
            self.outbox.is_none() || self.audience == Audience::Arbeid,
            "{}: `utboks` is for work tables (audience arbeid); what is published needs no other way out",
            self.at("utboks")
        );
        ensure!(
            self.privacy.is_none() || self.audience == Audience::Offentlig,
            "{}: `personvern` is for audience offentlig; the others are not public",
            self.at("personvern")
        );
        ensure!(
            !self.incremental || self.audience == Audience::Arbeid,
            "{}: an incremental model is a work table (audience arbeid)",
            self.at("inkrementell")
        );
        if self.incremental {
            ensure!(
                self.grain.iter().any(|column| column == "maaned"),
                "{}: the grain of an incremental model holds `maaned`",
                self.at("grain")
            );
        }
        ensure!(
            !self.products_read.contains(&self.product),
            "{}: `bygger_paa` names other products than the model's own",
            self.at("bygger_paa")
        );
        for input in self.inputs.keys() {
            ensure!(self.reads.contains(input), "{}: the statement does not read {input}", self.at(input));
        }
        ensure!(
            self.may_be_empty.as_ref().is_none_or(|reason| !reason.trim().is_empty()),
            "{}: `kan_vaere_tom` says why",
            self.at("kan_vaere_tom")
        );
        ensure!(
            self.incremental || self.inputs.is_empty(),
            "{}: [input] is for incremental models",
            self.at("[input]")
        );
        Ok(())
    }

    fn references(&self) -> anyhow::Result<Vec<Reference>> {
        let read = |(name, spec): (&String, &ColumnSpec)| {
            Reference::read(name, &spec.viser_til, spec.hoyst_promille, &spec.utenom)
                .with_context(|| self.at_column(name))
                .transpose()
        };
        self.columns.iter().filter_map(read).collect()
    }

    /// The column of the key that says which period a row is of; absent for tables of one period.
    pub fn period_column(&self) -> Option<&str> {
        let mut periods = self.grain.iter().map(String::as_str);
        periods.find(|name| ["maaned", "periode", "til_maaned", "kohort", "aar"].contains(name))
    }

    /// `file:line` of the first line that holds a text; of the file alone when none does.
    pub fn at(&self, text: &str) -> String {
        match self.text.lines().position(|line| line.contains(text)) {
            Some(line) => format!("{}:{}", self.file, line + 1),
            None => self.file.clone(),
        }
    }

    /// `file:line` where the statement first names a table or column.
    pub fn at_name(&self, name: &str) -> String {
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let names = |line: &str| line.split(|c| !is_part(c)).any(|word| word == name);
        match self.sql.lines().position(names) {
            Some(line) => format!("{}:{}", self.file, line + 1),
            None => self.file.clone(),
        }
    }

    /// `file:line` where a column's header begins.
    pub fn at_column(&self, column: &str) -> String {
        self.at(&format!("[columns.{column}]"))
    }

    /// Identifies the statement and everything in the header.
    pub fn hash(&self) -> String {
        disk::sha256(self.text.as_bytes())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "/*---\ntitle = \"T\"\naudience = \"arbeid\"\ngrain = [\"a\"]\nversjon = 1\n[columns.a]\nunit = \
                        \"stk\"\n---*/\nwith x as (select a from t)\nselect a from x order by a\n";

    fn error(text: &str) -> String {
        format!("{:#}", Model::parse("reservasjon", "m", text).unwrap_err())
    }

    #[test]
    fn a_header_is_read_and_its_tables_found() {
        let model = Model::parse("reservasjon", "m", GOOD).unwrap();
        assert_eq!(model.reads, BTreeSet::from(["t".to_owned()]));
        assert_eq!(model.at_column("a"), "queries/reservasjon/m.sql:6");
        assert_eq!(model.sql.lines().position(|line| line.starts_with("with")), Some(8));
    }

    #[test]
    fn faults_name_file_line_and_rule() {
        assert_eq!(
            error(&GOOD.replace("audience", "audiense")),
            "queries/reservasjon/m.sql:3: unknown key `audiense`; the nearest known one is `audience`"
        );
        assert!(error(&GOOD.replace("arbeid", "lege")).starts_with("queries/reservasjon/m.sql:3: `mappe` is for"));
        let outbox = GOOD.replace("arbeid\"", "intern\"\nmappe = \"a\"\nutboks = \"fylke\"");
        assert!(
            error(&outbox).starts_with("queries/reservasjon/m.sql:5: `utboks` is for work tables"),
            "{}",
            error(&outbox)
        );
        assert!(error(&outbox.replace("fylke", "alle")).contains("nearest known one is `fylke`"));
        assert!(error(&GOOD.replace("from t)", "from m)")).contains("reads itself"));
        let excused = GOOD.replace("arbeid\"", "offentlig\"\npersonvern = \"uten_personer\"");
        assert!(error(&excused).starts_with("queries/reservasjon/m.sql:4: `personvern` and its reason"));
        assert!(error(&excused.replace("uten_personer", "ingen")).contains("nearest known one is `uten_personer`"));
        assert!(error(&format!("{GOOD}; select 1")).contains("more than one statement"));
        assert!(error(&GOOD.replace("select a from x", "selec a from x")).contains("at Line: 10"));
    }
}
