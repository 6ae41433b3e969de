//! What a JSON-stat table of persons calls its dimensions, as a contract says it.

use serde::Deserialize;

/// The names that a table of persons by region, age and year has for its dimensions and for some of their codes.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dimensions {
    /// The dimension of regions.
    pub region: String,
    /// The dimension of ages, single or in groups.
    #[serde(rename = "alder")]
    pub age: String,
    /// The dimension of years.
    #[serde(rename = "aar")]
    pub year: String,
    /// The dimension of contents: what the numbers count.
    #[serde(rename = "innhold")]
    pub contents: String,
    /// The contents that count persons; others are refused.
    #[serde(rename = "personer")]
    pub persons: Vec<String>,
    /// The dimension of sexes, which a table may lack.
    #[serde(rename = "kjonn")]
    pub sex: String,
    /// The code for both sexes together.
    #[serde(rename = "begge_kjonn")]
    pub both_sexes: String,
    /// The codes whose numbers together are both sexes.
    #[serde(rename = "hvert_kjonn")]
    pub each_sex: Vec<String>,
}
