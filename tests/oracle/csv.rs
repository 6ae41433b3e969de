//! Reads `;`-separated text and the small types in it: dates, months and decimals as whole numbers.
//!
//! It must not know what any column means, nor which deliveries there are.

use std::path::Path;

use jiff::civil::Date;

/// The header row: where each named column is. The order of the columns is free.
pub struct Header(Vec<String>);

impl Header {
    /// The place of a column that may be missing altogether.
    pub fn optional(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|column| column == name)
    }

    /// The place of a column that must be there.
    pub fn required(&self, name: &str) -> usize {
        self.optional(name).unwrap_or_else(|| panic!("column {name} is missing among {:?}", self.0))
    }
}

/// One row with the line number it starts on, for messages.
pub struct Row<'a> {
    pub fields: &'a [String],
    pub place: &'a str,
}

impl<'a> Row<'a> {
    /// The text of a field; an empty field is absent.
    pub fn text(&self, column: usize) -> Option<&'a str> {
        Some(self.fields[column].as_str()).filter(|text| !text.is_empty())
    }

    /// The text of a field that must be filled.
    pub fn filled(&self, column: usize) -> &'a str {
        self.text(column).unwrap_or_else(|| panic!("{}: field {column} is empty", self.place))
    }

    /// A whole number, where there is one.
    pub fn whole(&self, column: usize) -> Option<i64> {
        self.text(column)
            .map(|text| text.parse().unwrap_or_else(|_| panic!("{}: {text:?} is not a whole number", self.place)))
    }

    /// A date, where there is one.
    pub fn date(&self, column: usize) -> Option<Date> {
        self.text(column)
            .map(|text| parse_date(text).unwrap_or_else(|| panic!("{}: {text:?} is not a date", self.place)))
    }

    /// A decimal number in steps of 10^-`decimals`.
    pub fn scaled(&self, column: usize, decimals: usize) -> i64 {
        let text = self.filled(column);
        parse_scaled(text, decimals).unwrap_or_else(|| panic!("{}: {text:?} is not a decimal number", self.place))
    }
}

/// Calls `each` once per row below the header.
pub fn read(path: &Path, mut each: impl FnMut(&Header, &Row)) {
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("cannot read {}: {error}", path.display()));
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let mut header = None;
    let mut fields = Vec::new();
    let mut record = 0_usize;
    while next_record(&mut rest, &mut fields) {
        record += 1;
        // An empty line, as many tools leave at the end.
        if fields.len() == 1 && fields[0].is_empty() {
            continue;
        }
        let Some(header) = &header else {
            header = Some(Header(fields.clone()));
            continue;
        };
        let place = format_args!("{} record {record}", path.display()).to_string();
        assert_eq!(fields.len(), header.0.len(), "{place}: number of fields");
        each(header, &Row { fields: &fields, place: &place });
    }
    assert!(header.is_some(), "{} has no header row", path.display());
}

/// Takes one record off the front of `rest`; false when nothing is left. The strings in `fields` are used again.
fn next_record(rest: &mut &str, fields: &mut Vec<String>) -> bool {
    if rest.is_empty() {
        return false;
    }
    let mut used = 0;
    loop {
        if used == fields.len() {
            fields.push(String::new());
        }
        let field = &mut fields[used];
        field.clear();
        used += 1;
        if rest.starts_with('"') {
            take_quoted(rest, field);
        }
        let end = rest.find([';', '\n']).unwrap_or(rest.len());
        field.push_str(&rest[..end]);
        let separator = rest.as_bytes().get(end).copied();
        *rest = &rest[rest.len().min(end + 1)..];
        if separator != Some(b';') {
            break;
        }
    }
    fields.truncate(used);
    if let Some(last) = fields.last_mut()
        && last.ends_with('\r')
    {
        last.pop();
    }
    true
}

/// Takes `"…"` off the front of `rest`, where `""` stands for one quotation mark.
fn take_quoted(rest: &mut &str, field: &mut String) {
    *rest = &rest[1..];
    loop {
        let end = rest.find('"').unwrap_or_else(|| panic!("a quotation mark is never closed"));
        field.push_str(&rest[..end]);
        *rest = &rest[end + 1..];
        if !rest.starts_with('"') {
            return;
        }
        field.push('"');
        *rest = &rest[1..];
    }
}

/// `YYYY-MM-DD` and nothing else.
pub fn parse_date(text: &str) -> Option<Date> {
    let (year, rest) = text.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    if (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return None;
    }
    Date::new(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?).ok()
}

/// `-12,5` with two decimals is -1250. More decimals than asked for must be zeros.
pub fn parse_scaled(text: &str, decimals: usize) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once([',', '.']).unwrap_or((digits, ""));
    let mut value = whole.parse::<u32>().map(i64::from).ok()?;
    for place in 0..decimals.max(fraction.len()) {
        let digit = fraction.as_bytes().get(place).map_or(Some(0), |b| (*b as char).to_digit(10))?;
        if place < decimals {
            value = value.checked_mul(10)?.checked_add(i64::from(digit))?;
        } else if digit != 0 {
            return None;
        }
    }
    Some(if negative { -value } else { value })
}

/// A calendar month, counted from year 0, so that the month before is one less.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Month(pub i32);

impl Month {
    pub fn of(date: Date) -> Self {
        Self(i32::from(date.year()) * 12 + i32::from(date.month()) - 1)
    }

    /// From `YYYY-MM`.
    pub fn parse(text: &str) -> Option<Self> {
        parse_date(&format!("{text}-01")).map(Self::of)
    }

    /// The last day of the month.
    pub fn last_day(self) -> Date {
        parse_date(&format!("{self}-01")).unwrap_or_else(|| panic!("no such month: {self}")).last_of_month()
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        write!(out, "{:04}-{:02}", self.0 / 12, self.0 % 12 + 1)
    }
}
