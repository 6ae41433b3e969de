//! Persons by county, age and year from a JSON-stat table: its numbers become rows of the contract's table.
//!
//! A missing number makes no row: an absent figure is never zero. What is no county (the nation, a municipality,
//! Svalbard) is counted outside. A number of a county in a year when the county was not there is a bad row, since
//! persons would be counted where no figure of the same borders exists.

use std::io::Read;

use anyhow::{Context, bail, ensure};

use super::intake::{Intake, Outlet};
use super::json_stat::{self, Axis, Table};
use crate::contract::{self, Contract, Dimensions};

/// The names that numbers outside the table are counted under.
const NO_COUNTY: &str = "ikke_fylke";
const NOT_THAT_YEAR: &str = "fylke_utenfor_aaret";
const NO_AGE: &str = "ikke_aldersgruppe";
const MISSING: &str = "mangler_i_kilden";

/// Ages of a group, the oldest absent when it is open.
type Ages = (u32, Option<u32>);

/// Reads a whole delivery into an intake. An error refuses the delivery; bad rows go to the outlet.
pub fn read(file: impl Read, contract: &Contract, intake: &mut Intake<'_>, out: &mut dyn Outlet) -> anyhow::Result<()> {
    let names = contract.dimensions.as_ref().context("the contract does not name the dimensions")?;
    let table = json_stat::read(file)?;
    let known = [&names.region, &names.age, &names.year, &names.contents, &names.sex];
    if let Some(unknown) = table.names().find(|name| !known.contains(name)) {
        bail!("dimension `{unknown}` is not in the contract; ask for the table without it");
    }
    ensure_persons(table.axis(&names.contents)?, names)?;
    let (regions, ages, years) = (table.axis(&names.region)?, table.axis(&names.age)?, table.axis(&names.year)?);
    let sexes = sexes(&table, names)?;
    let groups: Vec<Option<Ages>> = ages.codes.iter().map(|code| age_group(code)).collect();
    ensure_apart(&groups, ages)?;

    for (year_at, year) in years.codes.iter().enumerate() {
        ensure!(year.len() == 4 && is_number(year), "`{}` holds other periods than years; ask for years", names.year);
        let january = jiff::civil::Date::new(year.parse()?, 1, 1)?;
        for (region_at, region) in regions.codes.iter().enumerate() {
            let region = Region::on(january, region);
            for (age_at, group) in groups.iter().enumerate() {
                let at = region_at * regions.stride + age_at * ages.stride + year_at * years.stride;
                match cell(&region, *group, persons(&table, at, &sexes)) {
                    Err(rule) => intake.outside(rule),
                    Ok((county, (from, to), persons)) => {
                        let (from, to) = (from.to_string(), to.map_or(String::new(), |to| to.to_string()));
                        let fields = [year.as_str(), county, from.as_str(), to.as_str(), persons.as_str()];
                        intake.row(u64::try_from(at + 1)?, &fields.map(|field| Some(field.as_bytes())), out)?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// What a region's code is on a day.
enum Region<'a> {
    NoCounty,
    /// A county that is not there yet, or no longer.
    OtherDays(&'a str),
    County(&'a str),
}

impl Region<'_> {
    fn on(day: jiff::civil::Date, code: &str) -> Region<'_> {
        match code.parse() {
            Ok(number) if code.len() == 2 && contract::is_county(number) => {
                let is_there = contract::county_codes_on(day).contains(&number);
                if is_there { Region::County(code) } else { Region::OtherDays(code) }
            }
            _ => Region::NoCounty,
        }
    }
}

/// County, ages and persons of a number that becomes a row; otherwise the name it is counted under.
fn cell<'r>(
    region: &Region<'r>,
    group: Option<Ages>,
    persons: Option<String>,
) -> Result<(&'r str, Ages, String), &'static str> {
    match (region, group, persons) {
        (Region::NoCounty, _, _) => Err(NO_COUNTY),
        // The contract's rule then says that the county is not there.
        (Region::OtherDays(county), Some(group), Some(persons)) if persons != "0" => Ok((*county, group, persons)),
        (Region::OtherDays(_), _, _) => Err(NOT_THAT_YEAR),
        (_, None, _) => Err(NO_AGE),
        (_, _, None) => Err(MISSING),
        (Region::County(county), Some(group), Some(persons)) => Ok((*county, group, persons)),
    }
}

/// The persons at a place, of all sexes; absent when one of the numbers is missing.
fn persons(table: &Table, at: usize, sexes: &[usize]) -> Option<String> {
    let mut sum = 0_u64;
    for sex in sexes {
        let number = table.number(at + sex)?;
        match number.as_u64().and_then(|number| sum.checked_add(number)) {
            Some(more) => sum = more,
            // No count: it stands as it is, and the contract's check names it.
            None => return Some(number.to_string()),
        }
    }
    Some(sum.to_string())
}

fn ensure_persons(contents: &Axis, names: &Dimensions) -> anyhow::Result<()> {
    let other = contents.codes.iter().find(|code| !names.persons.contains(code));
    if let Some(other) = other {
        bail!("the contents `{other}` are not persons; ask for {} alone", names.persons.join(" or "));
    }
    ensure!(contents.codes.len() == 1, "the table has {} contents; ask for one", contents.codes.len());
    let decimals = contents.units.values().any(|unit| unit.decimals.is_some_and(|decimals| decimals > 0));
    ensure!(!decimals, "the numbers have decimals, so they do not count persons");
    Ok(())
}

/// How far the numbers that together are both sexes are from the first.
fn sexes(table: &Table, names: &Dimensions) -> anyhow::Result<Vec<usize>> {
    if !table.names().any(|name| *name == names.sex) {
        return Ok(vec![0]);
    }
    let axis = table.axis(&names.sex)?;
    let place = |code: &String| axis.codes.iter().position(|known| known == code).map(|at| at * axis.stride);
    if let Some(both) = place(&names.both_sexes) {
        return Ok(vec![both]);
    }
    let each: Option<Vec<usize>> = names.each_sex.iter().map(place).collect();
    each.filter(|each| each.len() == axis.codes.len())
        .with_context(|| format!("`{}` does not hold both sexes; ask for {}", names.sex, names.each_sex.join(" and ")))
}

/// The ages that a code stands for: `007`, `20-24`, `105+`, also with a letter before or `år` after.
fn age_group(code: &str) -> Option<Ages> {
    let code = code.trim_start_matches(|c: char| c.is_ascii_uppercase());
    let code = code.strip_suffix(" eller eldre").map_or(code.to_owned(), |open| open.replace(" år", "+"));
    let code = code.strip_suffix(" år").unwrap_or(&code);
    let age = |text: &str| text.parse().ok().filter(|_| text.len() <= 3 && is_number(text));
    if let Some(from) = code.strip_suffix('+') {
        return Some((age(from)?, None));
    }
    let (from, to) = code.split_once('-').unwrap_or((code, code));
    let (from, to) = (age(from)?, age(to)?);
    (from <= to).then_some((from, Some(to)))
}

/// Groups that share an age would count persons twice.
fn ensure_apart(groups: &[Option<Ages>], ages: &Axis) -> anyhow::Result<()> {
    let mut sorted: Vec<(Ages, &String)> =
        groups.iter().zip(&ages.codes).filter_map(|(group, code)| Some(((*group)?, code))).collect();
    sorted.sort();
    for pair in sorted.windows(2) {
        let [((_, to), left), ((from, _), right)] = pair else { continue };
        ensure!(to.is_some_and(|to| to < *from), "the ages `{left}` and `{right}` overlap; ask for one grouping");
    }
    Ok(())
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::super::intake::tests::Kept;
    use super::super::intake::{Intake, Tally};
    use super::*;

    fn contract() -> Contract {
        Contract::embedded().unwrap().into_iter().find(|contract| contract.source == "befolkning").unwrap()
    }

    fn take(text: &str) -> anyhow::Result<(Tally, Vec<(u64, String)>)> {
        let contract = contract();
        let mut kept = Kept::default();
        let mut intake = Intake::new(&contract, &contract.tables[0], None, &[], b'.');
        read(text.as_bytes(), &contract, &mut intake, &mut kept)?;
        intake.finish(&mut kept)?;
        Ok((intake.tally, kept.bad))
    }

    /// Table 07459 as PxWebApi 2 gives it, cut down: the nation, Viken, Akershus and a municipality; three ages, two
    /// sexes, two years. Numbers stand by region, sex, age, contents, year.
    fn sample() -> String {
        include_str!("../../tests/fixtures/ssb/befolkning_2026-02-20.json").to_owned()
    }

    #[test]
    fn the_reader_writes_the_fields_in_the_contracts_order() {
        let contract = contract();
        let names: Vec<&str> = contract.tables[0].columns.iter().map(|column| column.delivered.as_str()).collect();
        assert_eq!(names, ["aar", "fylkesnr", "alder_fra", "alder_til", "antall"]);
    }

    #[test]
    fn sexes_are_summed_and_what_is_missing_or_no_county_makes_no_row() {
        let (tally, bad) = take(&sample()).unwrap();
        // 4 regions × 3 ages × 2 years. Viken in 2023 and Akershus in 2024 are rows, but one number of a sex is missing.
        assert_eq!((tally.received, tally.stored(), bad.len()), (24, 5, 0), "{bad:?}");
        let outside: Vec<(&str, u64)> = tally.outside.iter().map(|(rule, count)| (rule.as_str(), *count)).collect();
        assert_eq!(outside, [("fylke_utenfor_aaret", 6), ("ikke_fylke", 12), ("mangler_i_kilden", 1)]);
    }

    #[test]
    fn persons_of_a_county_in_a_year_when_it_was_not_there_are_bad_rows() {
        // Akershus in 2023, as a table counted back in the borders of 2024 would have it.
        let text = sample().replacen("\"32\": 2", "\"32\": 1", 1).replacen("\"30\": 1", "\"30\": 2", 1);
        let (tally, bad) = take(&text).unwrap();
        assert_eq!(tally.bad["fylke_finnes_ikke"].rows, 5);
        assert!(bad[0].1.starts_with("fylke_finnes_ikke: fylkesnr: "), "{bad:?}");
    }

    #[test]
    fn contents_dimensions_and_periods_that_were_not_asked_for_are_refused() {
        let told = |from: &str, to: &str| {
            let text = sample();
            assert!(text.contains(from), "{from}");
            format!("{:#}", take(&text.replace(from, to)).expect_err(from))
        };
        assert!(told("Personer1", "Fodte").contains("contents `Fodte` are not persons"));
        assert!(told("\"Kjonn\"", "\"Sivilstand\"").contains("dimension `Sivilstand` is not in the contract"));
        assert!(told("\"2024\"", "\"2024K1\"").contains("`Tid` holds other periods than years"));
        assert!(told("\"2\": 1", "\"9\": 1").contains("`Kjonn` does not hold both sexes"));
        assert!(told("\"105+\"", "\"23+\"").contains("the ages `020-024` and `23+` overlap"));
        assert!(told("\"decimals\": 0", "\"decimals\": 1").contains("decimals"));
    }

    #[test]
    fn ages_are_read_as_statistics_norway_writes_them() {
        for (code, ages) in [
            ("000", Some((0, Some(0)))),
            ("105+", Some((105, None))),
            ("20-24", Some((20, Some(24)))),
            ("020-024", Some((20, Some(24)))),
            ("F20-24", Some((20, Some(24)))),
            ("20-24 år", Some((20, Some(24)))),
            ("67 år eller eldre", Some((67, None))),
            ("24-20", None),
            ("TOT", None),
            ("1e2", None),
            ("", None),
        ] {
            assert_eq!(age_group(code), ages, "{code}");
        }
    }
}
