//! One delivered column: what its text must be, and what it is stored as. Numbers are integers from here on:
//! kroner become øre, packages become thousandths, dates become days, codes become their listed number.

use std::collections::BTreeMap;

use anyhow::{Context, bail, ensure};
use arrow::datatypes::{DataType, Field};

use super::row::Fault;
use super::written::{WrittenColumn, WrittenKind};
use crate::{calendar, closed};

/// One column of a contract.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name in a delivery.
    pub delivered: String,
    /// Its name in the lake and in SQL.
    pub stored: String,
    /// What the text must be.
    pub kind: Kind,
    /// Whether a row may leave it empty.
    pub may_be_empty: bool,
    /// Whether a delivery may leave the column out. One that has it fills it in every row, unless it may be empty.
    pub optional: bool,
    /// Whether the value tells who somebody is; it is then repeated nowhere.
    pub identifies: bool,
    /// The unit of the stored number; absent for text, dates and codes.
    pub unit: Option<String>,
    /// For the data dictionary, in bokmål.
    pub description: String,
    /// The same in nynorsk, where counties deliver the source.
    pub description_nn: Option<String>,
}

/// What a column's text must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Text of at most so many characters.
    Text {
        /// Most characters.
        max: usize,
    },
    /// One of a list of codes, stored as the number it is listed with.
    Code(BTreeMap<String, i8>),
    /// A set of listed codes joined by `+`, stored as the sum of their numbers, which are powers of two.
    Set(BTreeMap<String, i8>),
    /// A UUID in its written form, stored as text in lower case.
    Guid,
    /// A Norwegian organisation number: nine digits, the last by modulus 11; stored as a number.
    Organisation,
    /// A time with offset, stored as microseconds since 1970-01-01T00:00Z.
    Instant,
    /// A time with offset, stored as the civil date in Oslo.
    DateInOslo,
    /// A month written `2026-01`, stored as `202601`.
    Month,
    /// A whole number in a range.
    Integer {
        /// Least.
        min: i64,
        /// Greatest.
        max: i64,
    },
    /// Exactly so many digits, stored as a number; leading zeros are put back at the edge.
    Digits {
        /// How many.
        length: usize,
    },
    /// A decimal number with at most so many places, stored as an integer of that scale.
    Decimal {
        /// How many places.
        places: u32,
    },
    /// A civil date written `2026-01-31`, stored as days since 1970-01-01.
    Date,
}

/// A delivered value, checked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// Empty where the contract allows it.
    Absent,
    /// A number, scaled as the contract says; a date as days; a code as its number.
    Integer(i64),
    /// Text.
    Text(&'a str),
}

impl Value<'_> {
    /// The number, if it is one.
    pub fn integer(self) -> Option<i64> {
        match self {
            Value::Integer(number) => Some(number),
            _ => None,
        }
    }
}

/// The field with its unit as metadata, which Parquet keeps.
pub(super) fn with_unit(field: Field, unit: &str) -> Field {
    field.with_metadata([("unit".to_owned(), unit.to_owned())].into())
}

impl Column {
    /// The stored column as an Arrow field.
    pub fn field(&self) -> Field {
        let field = Field::new(&self.stored, self.data_type(), self.may_be_absent());
        match &self.unit {
            Some(unit) => with_unit(field, unit),
            None => field,
        }
    }

    /// Whether the stored value may be absent.
    pub fn may_be_absent(&self) -> bool {
        self.may_be_empty || self.optional
    }

    /// The smallest type that holds every value the contract lets through.
    pub fn data_type(&self) -> DataType {
        match &self.kind {
            Kind::Text { .. } | Kind::Guid => DataType::Utf8,
            Kind::Code(_) | Kind::Set(_) => DataType::Int8,
            Kind::Integer { min, max } if fits::<i16>(*min, *max) => DataType::Int16,
            Kind::Integer { min, max } if fits::<i32>(*min, *max) => DataType::Int32,
            Kind::Integer { .. } | Kind::Decimal { .. } | Kind::Instant => DataType::Int64,
            Kind::Digits { .. } | Kind::Organisation | Kind::Month => DataType::Int32,
            Kind::Date | Kind::DateInOslo => DataType::Date32,
        }
    }

    /// Checks a delivered text; empty is absent.
    pub fn read<'a>(&self, bytes: &'a [u8], decimal_mark: u8) -> Result<Value<'a>, Fault> {
        if bytes.is_empty() {
            return if self.may_be_empty { Ok(Value::Absent) } else { Err(self.fault("mangler", "is empty", bytes)) };
        }
        match &self.kind {
            Kind::Text { max } => {
                let text = std::str::from_utf8(bytes).map_err(|_| self.fault("ikke_utf8", "is not UTF-8", bytes))?;
                if text.chars().count() > *max {
                    return Err(self.fault("for_lang", &format!("has more than {max} characters"), bytes));
                }
                Ok(Value::Text(text))
            }
            Kind::Code(codes) => {
                let code = std::str::from_utf8(bytes).ok().and_then(|text| codes.get(text));
                let code = code.ok_or_else(|| self.fault("ukjent_kode", "is not in the code list", bytes))?;
                Ok(Value::Integer(i64::from(*code)))
            }
            Kind::Set(codes) => {
                let text = std::str::from_utf8(bytes).unwrap_or_default();
                let sum = text.split('+').try_fold(0_i8, |sum, code| {
                    let code = codes.get(code)?;
                    (sum & code == 0).then_some(sum | code)
                });
                let sum = sum.ok_or_else(|| self.fault("ukjent_kode", "is not a set of listed codes", bytes))?;
                Ok(Value::Integer(i64::from(sum)))
            }
            Kind::Month => {
                let month = std::str::from_utf8(bytes).ok().and_then(|text| text.parse::<calendar::Month>().ok());
                let month = month.ok_or_else(|| self.fault("ikke_maaned", "is not a month like 2026-01", bytes))?;
                Ok(Value::Integer(i64::from(month.number())))
            }
            Kind::Guid => match std::str::from_utf8(bytes) {
                Ok(text) if is_guid(bytes) => Ok(Value::Text(text)),
                _ => Err(self.fault("ikke_guid", "is not a UUID in lower case", bytes)),
            },
            Kind::Organisation => match digits(bytes) {
                Some(number) if bytes.len() == 9 && has_check_digit(bytes) => Ok(Value::Integer(number)),
                _ => Err(self.fault("ikke_orgnr", "is not an organisation number (nine digits, modulus 11)", bytes)),
            },
            Kind::Instant | Kind::DateInOslo => match instant(bytes) {
                Some(time) if self.kind == Kind::Instant => Ok(Value::Integer(time.as_microsecond())),
                Some(time) => {
                    let date = time
                        .to_zoned(oslo().map_err(|_| self.fault("ukjent_tidssone", "has no time zone", bytes))?)
                        .date();
                    Ok(Value::Integer(i64::from(calendar::days_since_epoch(date))))
                }
                None => {
                    Err(self.fault("ikke_tidspunkt", "is not a time with offset like 2026-03-04T10:15:00+01:00", bytes))
                }
            },
            Kind::Integer { min, max } => {
                let number = whole(bytes).ok_or_else(|| self.fault("ikke_heltall", "is not a whole number", bytes))?;
                if !(*min..=*max).contains(&number) {
                    return Err(self.fault("utenfor_grense", &format!("is not from {min} to {max}"), bytes));
                }
                Ok(Value::Integer(number))
            }
            Kind::Digits { length } => match digits(bytes) {
                Some(number) if bytes.len() == *length => Ok(Value::Integer(number)),
                _ => Err(self.fault("ikke_siffer", &format!("is not {length} digits"), bytes)),
            },
            Kind::Decimal { places } => match scaled(bytes, *places, decimal_mark) {
                Some(number) => Ok(Value::Integer(number)),
                None => {
                    let what =
                        format!("is not a number with at most {places} places after '{}'", char::from(decimal_mark));
                    Err(self.fault("ikke_desimaltall", &what, bytes))
                }
            },
            Kind::Date => match date(bytes) {
                Some(days) => Ok(Value::Integer(i64::from(days))),
                None => Err(self.fault("ikke_dato", "is not a date like 2026-01-31", bytes)),
            },
        }
    }

    /// Bytes that are not UTF-8 have that fault, whatever else is wrong: it is the file's, not the row's.
    fn fault(&self, rule: &str, what: &str, bytes: &[u8]) -> Fault {
        if std::str::from_utf8(bytes).is_err() {
            let reason = "is not UTF-8, as the contract says the file is; save the whole file as UTF-8";
            return Fault::new("ikke_utf8", &self.delivered, reason);
        }
        Fault { value: self.quote(bytes), ..Fault::new(rule, &self.delivered, what) }
    }
}

fn fits<T: TryFrom<i64>>(min: i64, max: i64) -> bool {
    T::try_from(min).is_ok() && T::try_from(max).is_ok()
}

fn digits(bytes: &[u8]) -> Option<i64> {
    if bytes.is_empty() || bytes.len() > 18 {
        return None;
    }
    bytes.iter().try_fold(0, |number: i64, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
}

fn whole(bytes: &[u8]) -> Option<i64> {
    match bytes.strip_prefix(b"-") {
        Some(rest) => digits(rest).map(|number| -number),
        None => digits(bytes),
    }
}

/// A decimal text as an integer of `places` decimals, exactly: more places than that is an error, never rounded.
fn scaled(bytes: &[u8], places: u32, mark: u8) -> Option<i64> {
    let (negative, rest) = match bytes.strip_prefix(b"-") {
        Some(rest) => (true, rest),
        None => (false, bytes),
    };
    let mut parts = rest.splitn(2, |byte| *byte == mark);
    let whole = digits(parts.next()?)?;
    let (decimals, written) = match parts.next() {
        Some(part) => (digits(part)?, u32::try_from(part.len()).ok()?),
        None => (0, 0),
    };
    let missing = places.checked_sub(written)?;
    let scale = |number: i64, power: u32| number.checked_mul(10_i64.checked_pow(power)?);
    let number = scale(whole, places)?.checked_add(scale(decimals, missing)?)?;
    Some(if negative { -number } else { number })
}

fn date(bytes: &[u8]) -> Option<i32> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = bytes else { return None };
    let year = i16::try_from(digits(&[*y1, *y2, *y3, *y4])?).ok()?;
    let month = i8::try_from(digits(&[*m1, *m2])?).ok()?;
    let day = i8::try_from(digits(&[*d1, *d2])?).ok()?;
    jiff::civil::Date::new(year, month, day).ok().map(calendar::days_since_epoch)
}

fn is_guid(bytes: &[u8]) -> bool {
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_digit() || (b'a'..=b'f').contains(byte),
        })
}

/// Modulus 11 with weights 3 2 7 6 5 4 3 2 (Brønnøysundregistrene).
fn has_check_digit(bytes: &[u8]) -> bool {
    const WEIGHTS: [u32; 9] = [3, 2, 7, 6, 5, 4, 3, 2, 1];
    let sum: u32 = bytes.iter().zip(WEIGHTS).map(|(byte, weight)| u32::from(byte.wrapping_sub(b'0')) * weight).sum();
    sum.is_multiple_of(11)
}

fn instant(bytes: &[u8]) -> Option<jiff::Timestamp> {
    let text = std::str::from_utf8(bytes).ok()?;
    text.parse().ok()
}

fn oslo() -> Result<jiff::tz::TimeZone, jiff::Error> {
    jiff::tz::TimeZone::get("Europe/Oslo")
}

impl WrittenColumn {
    pub(super) fn check(self) -> anyhow::Result<Column> {
        let kind = match self.kind {
            WrittenKind::Tekst => Kind::Text { max: self.maks_lengde.context("text needs `maks_lengde`")? },
            WrittenKind::Kode => Kind::Code(self.koder.context("a code needs `koder`")?),
            WrittenKind::Mengde => Kind::Set(self.koder.context("a set needs `koder`")?),
            WrittenKind::Guid => Kind::Guid,
            WrittenKind::Orgnr => Kind::Organisation,
            WrittenKind::Tidspunkt => Kind::Instant,
            WrittenKind::DatoIOslo => Kind::DateInOslo,
            WrittenKind::Maaned => Kind::Month,
            WrittenKind::Heltall => Kind::Integer {
                min: self.min.context("a whole number needs `min`")?,
                max: self.maks.context("a whole number needs `maks`")?,
            },
            WrittenKind::Siffer => {
                let length = self.lengde.context("digits need `lengde`")?;
                ensure!((1..=9).contains(&length), "`lengde` is not from 1 to 9");
                Kind::Digits { length }
            }
            WrittenKind::Desimal => {
                let places = self.desimaler.context("a decimal needs `desimaler`")?;
                ensure!(places <= 6, "`desimaler` is above 6");
                Kind::Decimal { places }
            }
            WrittenKind::Dato => Kind::Date,
        };
        if matches!(kind, Kind::Integer { .. } | Kind::Digits { .. } | Kind::Decimal { .. }) && self.enhet.is_none() {
            bail!("a number needs its unit: give `enhet`");
        }
        Ok(Column {
            stored: self.lagres.unwrap_or_else(|| self.navn.clone()),
            delivered: self.navn,
            kind,
            may_be_empty: self.kan_mangle,
            optional: self.valgfri,
            identifies: self.identifiserer,
            unit: self.enhet,
            description: self.beskrivelse,
            description_nn: self.beskrivelse_nn,
        })
    }
}

/// The position of the column of that name; of the stored name when `of` gives none.
pub(super) fn place(columns: &[Column], name: &str, of: impl Fn(&Column) -> &String) -> anyhow::Result<usize> {
    let near = closed_nearest(columns, name, &of);
    columns
        .iter()
        .position(|column| of(column) == name)
        .or_else(|| columns.iter().position(|column| column.stored == name))
        .with_context(|| format!("no column `{name}`; the nearest is `{near}`"))
}

fn closed_nearest(columns: &[Column], name: &str, of: impl Fn(&Column) -> &String) -> String {
    closed::nearest(name, columns.iter().map(|column| of(column).as_str())).unwrap_or("").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact_and_never_rounded() {
        assert_eq!(scaled(b"12,5", 2, b','), Some(1250));
        assert_eq!(scaled(b"-0,05", 2, b','), Some(-5));
        assert_eq!(scaled(b"7", 3, b','), Some(7000));
        for wrong in [&b"12,555"[..], b"12.5", b"1,", b",5", b"+1", b"1e3", b" 1", b"--1", b"99999999999999999999"] {
            assert_eq!(scaled(wrong, 2, b','), None, "{}", String::from_utf8_lossy(wrong));
        }
    }

    #[test]
    fn dates_are_civil_and_written_in_full() {
        assert_eq!(date(b"1970-01-02"), Some(1));
        for wrong in [&b"2026-02-29"[..], b"2026-1-01", b"01.01.2026", b"2026-01-01T00:00", b"-026-01-01"] {
            assert_eq!(date(wrong), None);
        }
    }

    #[test]
    fn digits_keep_their_length() {
        let column = Column {
            delivered: "varenr".into(),
            stored: "varenr".into(),
            kind: Kind::Digits { length: 6 },
            may_be_empty: false,
            optional: false,
            identifies: false,
            unit: Some("varenummer".into()),
            description: String::new(),
            description_nn: None,
        };
        assert_eq!(column.read(b"038448", b','), Ok(Value::Integer(38448)));
        let fault = column.read(b"38448", b',').unwrap_err();
        assert_eq!(fault.to_string(), "ikke_siffer: varenr: is not 6 digits");
        assert_eq!(fault.in_quarantine(), "'38448' is not 6 digits");
        assert_eq!(column.read(b"", b',').unwrap_err().to_string(), "mangler: varenr: is empty");
    }
}
