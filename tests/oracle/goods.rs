//! What a FEST package holds and costs on a day (B3 on prices, B4 on what is marketed).
//!
//! It must not know groups, lines or doctors.

use jiff::civil::Date;

use super::csv::parse_scaled;
use super::fest::leading_date;
use super::xml;

/// Sizes in thousandths, prices in øre.
#[derive(Clone, Debug, Default)]
pub struct Goods {
    size: Option<i64>,
    unit: Option<String>,
    ddd: Option<i64>,
    prices: Vec<Price>,
    marketed: Option<Date>,
    retired: Vec<Date>,
}

#[derive(Clone, Debug)]
struct Price {
    kind: String,
    ore: i64,
    from: Option<Date>,
    to: Option<Date>,
}

/// A package as it is offered on one day.
#[derive(Clone, Debug)]
pub struct Offer {
    pub varenr: i64,
    pub size: Option<i64>,
    pub unit: Option<String>,
    pub ddd: Option<i64>,
    pub trinnpris: Option<i64>,
    /// The AUP of a package that is marketed.
    pub aup: Option<i64>,
}

impl Goods {
    pub fn of(package: &xml::Node<'_>) -> Self {
        let text = |path: &[&str]| package.path(path).and_then(xml::Node::text);
        let thousandths = |path: &[&str]| text(path).and_then(|text| parse_scaled(text, 3));
        let date = |path: &[&str]| text(path).and_then(leading_date);
        let prices = package.all("PrisVare").filter_map(|price| {
            Some(Price {
                kind: price.child("Type")?.attribute("DN")?.to_owned(),
                ore: parse_scaled(price.child("Pris")?.attribute("V")?, 2)?,
                from: price.child("GyldigFraDato").and_then(xml::Node::text).and_then(leading_date),
                to: price.child("GyldigTilDato").and_then(xml::Node::text).and_then(leading_date),
            })
        });
        let retired = ["MidlUtgattDato", "AvregDato"].into_iter();
        Self {
            size: thousandths(&["Pakningsinfo", "Pakningsstr"]),
            unit: package
                .path(&["Pakningsinfo", "EnhetPakning"])
                .and_then(|unit| unit.attribute("V"))
                .map(str::to_owned),
            ddd: thousandths(&["Pakningsinfo", "Statistikkfaktor"]),
            prices: prices.collect(),
            marketed: date(&["Markedsforingsinfo", "Markedsforingsdato"]),
            retired: retired.filter_map(|name| date(&["Markedsforingsinfo", name])).collect(),
        }
    }

    pub fn on(&self, varenr: i64, d: Date) -> Offer {
        let sold = self.marketed.is_some_and(|first| first <= d) && self.retired.iter().all(|last| *last > d);
        Offer {
            trinnpris: self.price("Trinnpris", d),
            aup: self.price("AUP", d).filter(|_| sold),
            ..self.without_price(varenr)
        }
    }

    pub fn without_price(&self, varenr: i64) -> Offer {
        Offer { varenr, size: self.size, unit: self.unit.clone(), ddd: self.ddd, trinnpris: None, aup: None }
    }

    /// Of the prices that hold on `d` the one that began last, then the lowest; a price of 0 is none to compare with.
    fn price(&self, kind: &str, d: Date) -> Option<i64> {
        let holds = |price: &&Price| {
            price.kind == kind && price.from.is_none_or(|from| from <= d) && price.to.is_none_or(|to| d <= to)
        };
        let latest = self.prices.iter().filter(holds).min_by_key(|price| (std::cmp::Reverse(price.from), price.ore));
        latest.map(|price| price.ore).filter(|ore| *ore > 0)
    }
}
