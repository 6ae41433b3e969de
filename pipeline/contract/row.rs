//! Rules that see one row: a closed list of kinds, each with a name that quarantine and receipts use.

use std::fmt;

use anyhow::Context;

use super::column::{Column, Kind, Value};
use super::county;
use super::quote::Quote;
use super::written::{WrittenRule, WrittenRuleKind};
use crate::calendar::{self, Month};

/// Why a row is bad: which rule, where, and what is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The rule's name.
    pub rule: String,
    /// The delivered column.
    pub column: String,
    /// What is wrong, without the value.
    pub reason: String,
    /// The value; absent where it may be repeated nowhere, or is no help.
    pub value: Option<Quote>,
}

impl Fault {
    /// A fault that repeats no value.
    pub fn new(rule: &str, column: &str, reason: &str) -> Fault {
        Fault { rule: rule.to_owned(), column: column.to_owned(), reason: reason.to_owned(), value: None }
    }

    /// The reason as it stands in the quarantine file.
    pub fn in_quarantine(&self) -> String {
        match &self.value {
            Some(value) => format!("'{}' {}", value.text, self.reason),
            None => self.reason.clone(),
        }
    }
}

/// As it stands in messages, logs and the ledger.
impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: ", self.rule, self.column)?;
        match &self.value {
            Some(value) if value.in_messages => f.write_str(&self.in_quarantine()),
            _ => f.write_str(&self.reason),
        }
    }
}

/// A named rule over one row.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The name that bad rows are counted under.
    pub name: String,
    /// The column that is at fault.
    pub column: usize,
    /// What must hold.
    pub kind: RuleKind,
}

/// What must hold. Columns are places in the contract; numbers are stored numbers.
#[derive(Clone, Debug)]
pub enum RuleKind {
    /// The date lies in the delivery's month.
    InMonth,
    /// The date is absent or not after another one.
    NotAfter(usize),
    /// The value is given when another column has one of these values.
    RequiredWhen(usize, Vec<i64>),
    /// The date is absent, or not after another one and at most so many months before it.
    AtMostMonthsBefore(usize, i32),
    /// The number is negative when another column has one of these values, else positive; never zero.
    NegativeWhen(usize, Vec<i64>),
    /// The number has the sign of another one, or is zero.
    SameSign(usize),
    /// The column does not have one of the first values while another has one of the second.
    NotTogether(Vec<i64>, usize, Vec<i64>),
    /// The county code is in the structure of another column's date.
    CountyOn(usize),
    /// The county code is in the structure on 1 January of another column's year.
    CountyInYear(usize),
}

impl Rule {
    /// The fault, when the row breaks the rule. `month` is the delivery's month, where it has one.
    pub fn check(&self, row: &[Value<'_>], columns: &[Column], month: Option<Month>) -> Option<Fault> {
        let own = row[self.column];
        let reason = match &self.kind {
            RuleKind::InMonth => {
                let (date, month) = (as_date(own)?, month?);
                (Month::of(date) != month).then(|| format!("is outside {month}"))
            }
            RuleKind::NotAfter(other) => {
                let (date, limit) = (as_date(own)?, as_date(row[*other])?);
                (date > limit).then(|| format!("is after {}", columns[*other].delivered))
            }
            RuleKind::RequiredWhen(other, values) => {
                let needed = holds(row[*other], values) && own == Value::Absent;
                needed.then(|| format!("is empty, and {} requires it", columns[*other].delivered))
            }
            RuleKind::AtMostMonthsBefore(other, months) => {
                let (date, limit) = (as_date(own)?, as_date(row[*other])?);
                let back = Month::of(limit).since(Month::of(date));
                (date > limit || back > *months)
                    .then(|| format!("is not within {months} months before {}", columns[*other].delivered))
            }
            RuleKind::NegativeWhen(other, values) => {
                let number = own.integer()?;
                let negative = holds(row[*other], values);
                let wrong = if negative { number >= 0 } else { number <= 0 };
                let sign = if negative { "negative" } else { "positive" };
                wrong.then(|| format!("must be {sign} for this {}", columns[*other].delivered))
            }
            RuleKind::SameSign(other) => {
                let wrong = own.integer()?.signum() * row[*other].integer()?.signum() < 0;
                wrong.then(|| format!("has another sign than {}", columns[*other].delivered))
            }
            RuleKind::NotTogether(values, other, others) => (holds(own, values) && holds(row[*other], others))
                .then(|| format!("contradicts {}", columns[*other].delivered)),
            RuleKind::CountyOn(other) => {
                let (code, date) = (own.integer()?, as_date(row[*other])?);
                (!county::codes_on(date).contains(&code))
                    .then(|| format!("is no county on {}; write the code of that day", columns[*other].delivered))
            }
            RuleKind::CountyInYear(other) => {
                let (code, year) = (own.integer()?, row[*other].integer()?);
                let day = jiff::civil::Date::new(i16::try_from(year).ok()?, 1, 1).ok()?;
                (!county::codes_on(day).contains(&code)).then(|| format!("county {code:02} does not exist in {year}"))
            }
        };
        let reason = reason?;
        let column = &columns[self.column];
        // Other numbers than dates are not repeated.
        let date = if column.kind == Kind::Date { as_date(own) } else { None };
        Some(Fault {
            value: date.and_then(|date| column.quote(date.to_string().as_bytes())),
            ..Fault::new(&self.name, &column.delivered, &reason)
        })
    }
}

fn holds(value: Value<'_>, among: &[i64]) -> bool {
    value.integer().is_some_and(|number| among.contains(&number))
}

fn as_date(value: Value<'_>) -> Option<jiff::civil::Date> {
    value.integer().and_then(|days| i32::try_from(days).ok()).and_then(calendar::date_from_days)
}

impl WrittenRule {
    pub(super) fn check(self, place: &dyn Fn(&str) -> anyhow::Result<usize>) -> anyhow::Result<Rule> {
        let column = place(&self.kolonne)?;
        let at = |name: Option<String>, key: &str| place(&name.with_context(|| format!("needs `{key}`"))?);
        let list = |values: Option<Vec<i64>>, key: &str| values.with_context(|| format!("needs `{key}`"));
        let kind = match self.slag {
            WrittenRuleKind::IMaaned => RuleKind::InMonth,
            WrittenRuleKind::IkkeEtter => RuleKind::NotAfter(at(self.grense, "grense")?),
            WrittenRuleKind::KrevesNaar => RuleKind::RequiredWhen(at(self.naar, "naar")?, list(self.er, "er")?),
            WrittenRuleKind::HoystMaanederFoer => {
                let months = self.maaneder.context("needs `maaneder`")?;
                RuleKind::AtMostMonthsBefore(at(self.grense, "grense")?, months)
            }
            WrittenRuleKind::NegativNaar => RuleKind::NegativeWhen(at(self.naar, "naar")?, list(self.er, "er")?),
            WrittenRuleKind::SammeFortegn => RuleKind::SameSign(at(self.som, "som")?),
            WrittenRuleKind::IkkeSammen => {
                RuleKind::NotTogether(list(self.er, "er")?, at(self.med, "med")?, list(self.lik, "lik")?)
            }
            WrittenRuleKind::FylkeIAar => RuleKind::CountyInYear(at(self.grense, "grense")?),
            WrittenRuleKind::FylkePaaDato => RuleKind::CountyOn(at(self.grense, "grense")?),
        };
        Ok(Rule { name: self.navn, column, kind })
    }
}
