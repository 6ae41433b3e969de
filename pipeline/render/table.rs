//! A table as render gets it, and how templates see its rows.
//!
//! Knows nothing of Arrow or of SQL: whoever calls has turned columns into [`Cell`]s.
//! An absent cell keeps the reason why it is absent, so that a page can say it.

use std::fmt;
use std::sync::Arc;

use anyhow::ensure;
use jiff::civil::Date;
use minijinja::value::{Enumerator, Object, ObjectRepr, Value};

/// One value of a table.
#[derive(Clone, Debug, PartialEq)]
pub enum Cell {
    /// No value; the column and the row's `status` say why.
    Absent,
    /// A count or an identifier.
    Integer(i64),
    /// A share, a ratio or an expected count, not rounded.
    Number(f64),
    /// A code, or a month as `2026-10`.
    Text(String),
    /// A day.
    Date(Date),
}

/// One column of a table.
#[derive(Clone, Debug)]
pub struct Column {
    /// The column's name in the published files.
    pub name: String,
    /// What the values count; `None` for identifiers and codes.
    pub unit: Option<String>,
    /// Why a value can be absent, in the page's language.
    pub missing: Option<String>,
}

/// A published table.
#[derive(Clone, Debug)]
pub struct Table {
    /// The table's name, which is also its file's.
    pub name: String,
    /// What the table holds, in the page's language.
    pub title: String,
    /// The columns, in the order of the cells.
    pub columns: Vec<Column>,
    /// The rows, in published order.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// The table as templates see it: `name`, `title` and `rows`, where a row answers to column names.
    pub(super) fn to_value(&self) -> anyhow::Result<Value> {
        let names: Arc<[String]> = self.columns.iter().map(|column| column.name.clone()).collect();
        let status = names.iter().position(|name| name == "status");
        let mut rows = Vec::with_capacity(self.rows.len());
        for (index, cells) in self.rows.iter().enumerate() {
            ensure!(
                cells.len() == self.columns.len(),
                "table {}, row {index}: {} cells for {} columns",
                self.name,
                cells.len(),
                self.columns.len()
            );
            let hidden = status
                .and_then(|at| cells.get(at))
                .is_some_and(|cell| matches!(cell, Cell::Text(text) if text == "skjult"));
            let values = cells.iter().zip(&self.columns).map(|(cell, column)| value_of(cell, column, hidden)).collect();
            rows.push(Value::from_object(Row { names: names.clone(), values }));
        }
        Ok(Value::from_pairs([
            ("name", Value::from(self.name.as_str())),
            ("title", Value::from(self.title.as_str())),
            ("rows", Value::from(rows)),
        ]))
    }

    /// Checks that a table that has column `column` holds rows of `key`, or of every key, only.
    pub(super) fn ensure_only(&self, column: &str, key: &str) -> anyhow::Result<()> {
        let Some(at) = self.columns.iter().position(|candidate| candidate.name == column) else {
            return Ok(());
        };
        for (index, cells) in self.rows.iter().enumerate() {
            let own = match cells.get(at) {
                Some(Cell::Integer(number)) => number.to_string() == key,
                // Rows of `alle` belong in every folder.
                Some(Cell::Text(text)) => text == key || text == "alle",
                _ => false,
            };
            ensure!(own, "table {}, row {index}: the row belongs to another {column} than the page", self.name);
        }
        Ok(())
    }
}

fn value_of(cell: &Cell, column: &Column, hidden: bool) -> Value {
    match cell {
        Cell::Absent => Value::from_object(Absent { reason: column.missing.clone(), hidden }),
        Cell::Integer(number) => Value::from(*number),
        Cell::Number(number) => Value::from(*number),
        Cell::Text(text) => Value::from(text.as_str()),
        Cell::Date(date) => Value::from(date.to_string()),
    }
}

/// A value that is not there. Filters turn it into words; printing it as it stands is an error.
pub(super) struct Absent {
    /// Why, when the column says so.
    pub(super) reason: Option<String>,
    /// Hidden by disclosure control.
    pub(super) hidden: bool,
}

impl fmt::Debug for Absent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("absent")
    }
}

impl Object for Absent {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }

    fn is_true(self: &Arc<Self>) -> bool {
        false
    }
}

/// A row: a column's name → its value.
pub(super) struct Row {
    names: Arc<[String]>,
    values: Vec<Value>,
}

impl Row {
    /// A row from columns and their values; `None` where there is no value.
    pub(super) fn of(columns: impl IntoIterator<Item = (String, Option<Value>)>) -> Row {
        let absent = || Value::from_object(Absent { reason: None, hidden: false });
        let columns = columns.into_iter().map(|(name, value)| (name, value.unwrap_or_else(absent)));
        let (names, values): (Vec<String>, Vec<Value>) = columns.unzip();
        Row { names: names.into(), values }
    }
}

impl fmt::Debug for Row {
    /// Says nothing of the values: errors can quote it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("row")
    }
}

impl Object for Row {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, key: &str) -> Option<Value> {
        let at = self.names.iter().position(|name| name == key)?;
        self.values.get(at).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.names.iter().map(|name| Value::from(name.as_str())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: Vec<Vec<Cell>>) -> Table {
        let column = |name: &str| Column { name: name.into(), unit: None, missing: Some("for få".into()) };
        Table { name: "t".into(), title: "T".into(), columns: vec![column("hpr"), column("n"), column("status")], rows }
    }

    #[test]
    fn an_absent_cell_keeps_its_reason_and_whether_it_is_hidden() {
        let value = table(vec![vec![Cell::Integer(1), Cell::Absent, Cell::Text("skjult".into())]]).to_value().unwrap();
        let row = value.get_attr("rows").unwrap().get_item_by_index(0).unwrap();
        let cell = row.get_attr("n").unwrap();
        let absent = cell.downcast_object_ref::<Absent>().unwrap();
        assert_eq!((absent.reason.as_deref(), absent.hidden), (Some("for få"), true));
        assert!(row.get_attr("no_such_column").unwrap().is_undefined());
    }

    #[test]
    fn a_row_of_another_key_or_of_another_length_is_an_error() {
        let both = table(vec![
            vec![Cell::Integer(1), Cell::Integer(5), Cell::Text("vist".into())],
            vec![Cell::Integer(2), Cell::Integer(5), Cell::Text("vist".into())],
        ]);
        assert!(both.ensure_only("fylkesnr", "1").is_ok());
        let everyones = table(vec![vec![Cell::Text("alle".into()), Cell::Integer(5), Cell::Text("vist".into())]]);
        assert!(everyones.ensure_only("hpr", "1").is_ok());
        let error = both.ensure_only("hpr", "1").unwrap_err().to_string();
        assert_eq!(error, "table t, row 1: the row belongs to another hpr than the page");
        assert!(table(vec![vec![Cell::Integer(1)]]).to_value().is_err());
    }
}
