//! The vocabulary of the made-up world: therapeutic areas, forms, makers, substance names, municipalities.
//!
//! Areas are real ATC level 2 codes and municipalities are real; every substance, brand and maker is invented.
//! Names hold no character that XML or CSV would have to escape. Must not know how they are combined.

use super::random::Dice;

/// ATC level 2, share of all prescribing (per mille) and the ending of its substance names.
pub(super) const AREAS: [(&str, u32, &str); 40] = [
    ("A02", 60, "prazol"),
    ("A03", 8, "verin"),
    ("A06", 18, "lax"),
    ("A07", 8, "salin"),
    ("A10", 62, "gliptid"),
    ("A11", 8, "vit"),
    ("B01", 62, "grel"),
    ("B03", 22, "cobal"),
    ("C01", 16, "nitrat"),
    ("C02", 6, "zosin"),
    ("C03", 38, "tiazid"),
    ("C07", 48, "olol"),
    ("C08", 42, "dipin"),
    ("C09", 82, "sartil"),
    ("C10", 88, "vastin"),
    ("D01", 8, "fungin"),
    ("D06", 6, "cidin"),
    ("D07", 28, "metason"),
    ("G03", 40, "estrol"),
    ("G04", 26, "dosin"),
    ("H02", 14, "solon"),
    ("H03", 26, "tyrin"),
    ("J01", 46, "cillin"),
    ("J05", 8, "ciklir"),
    ("L01", 6, "tinib"),
    ("L02", 8, "trozol"),
    ("L04", 14, "limus"),
    ("M01", 34, "profen"),
    ("M04", 10, "purinol"),
    ("M05", 8, "dronat"),
    ("N02", 58, "triptil"),
    ("N03", 32, "gabal"),
    ("N04", 10, "dopal"),
    ("N05", 46, "zapin"),
    ("N06", 58, "oksetin"),
    ("N07", 8, "niklin"),
    ("R01", 18, "nasal"),
    ("R03", 44, "terol"),
    ("R06", 36, "tadin"),
    ("S01", 24, "prost"),
];

/// The areas in which dentists prescribe, as positions in [`AREAS`].
pub(super) const DENTAL_AREAS: [u32; 3] = [22, 27, 30];

/// A form of medicine: how it is written, the unit of its packages, and the usual small and large packages.
pub(super) struct Form {
    pub(super) name: &'static str,
    pub(super) unit: Unit,
    pub(super) small: [u32; 2],
    pub(super) large: [u32; 2],
    /// Whether a defined daily dose is a weight of this form.
    pub(super) dosed: bool,
}

/// The unit in which a package is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    Piece,
    Millilitre,
    Gram,
}

impl Unit {
    /// Code and name as FEST writes them.
    pub(super) fn code(self) -> (&'static str, &'static str) {
        match self {
            Unit::Piece => ("ST", "stk"),
            Unit::Millilitre => ("ML", "ml"),
            Unit::Gram => ("G", "g"),
        }
    }
}

/// All forms, with weights.
pub(super) const FORMS: [(Form, u32); 7] = [
    (Form { name: "tabletter", unit: Unit::Piece, small: [28, 30], large: [98, 100], dosed: true }, 58),
    (Form { name: "kapsler", unit: Unit::Piece, small: [28, 30], large: [98, 100], dosed: true }, 14),
    (Form { name: "depottabletter", unit: Unit::Piece, small: [28, 30], large: [98, 100], dosed: true }, 10),
    (Form { name: "mikstur", unit: Unit::Millilitre, small: [100, 125], large: [250, 300], dosed: true }, 5),
    (Form { name: "injeksjonsvæske", unit: Unit::Piece, small: [1, 2], large: [6, 12], dosed: true }, 6),
    (Form { name: "krem", unit: Unit::Gram, small: [30, 30], large: [100, 100], dosed: false }, 4),
    (Form { name: "øyedråper", unit: Unit::Millilitre, small: [3, 5], large: [9, 15], dosed: true }, 3),
];

/// Strengths in milligrams per unit.
pub(super) const STRENGTHS: [u32; 12] = [2, 5, 10, 20, 25, 40, 50, 75, 100, 150, 250, 500];

/// Makers of copies.
pub(super) const MAKERS: [&str; 12] = [
    "Nordfarma",
    "Fjordia",
    "Viddamed",
    "Skagerak",
    "Hardang",
    "Lofotia",
    "Mjøsa",
    "Polarmed",
    "Tindfarm",
    "Vestlia",
    "Dovrefarm",
    "Øyra",
];

const STARTS: [&str; 24] = [
    "Al", "Bri", "Ce", "Do", "El", "Fa", "Gri", "Hy", "Iso", "Ka", "Lo", "Me", "Ni", "Ol", "Pe", "Ra", "Si", "Ta",
    "Ul", "Va", "Xi", "Yl", "Ze", "Ø",
];
const MIDDLES: [&str; 20] = [
    "ba", "di", "ra", "lo", "me", "ni", "to", "xa", "vi", "se", "ru", "pa", "li", "ko", "ge", "fu", "ta", "mo", "zi",
    "bre",
];
const BRAND_ENDS: [&str; 12] = ["xin", "tor", "ral", "vex", "dan", "lia", "cor", "nex", "zyl", "mid", "pax", "ron"];

/// A substance's name in an area with this ending.
pub(super) fn substance(dice: &mut Dice, ending: &str) -> String {
    [part(dice, &STARTS), part(dice, &MIDDLES), ending].concat()
}

/// An original's brand name.
pub(super) fn brand(dice: &mut Dice) -> String {
    [part(dice, &STARTS), part(dice, &MIDDLES), part(dice, &BRAND_ENDS)].concat()
}

fn part(dice: &mut Dice, parts: &[&'static str]) -> &'static str {
    dice.pick(parts).unwrap_or_default()
}

/// Municipalities of the 15 counties of 2024 with the weight of their doctors.
pub(super) const MUNICIPALITIES: [(u16, u32); 72] = [
    (301, 700),
    (1101, 15),
    (1103, 145),
    (1106, 38),
    (1108, 80),
    (1119, 18),
    (1120, 19),
    (1149, 42),
    (1505, 24),
    (1506, 32),
    (1508, 58),
    (1577, 11),
    (1804, 53),
    (1806, 22),
    (1824, 14),
    (1833, 26),
    (1865, 10),
    (3101, 31),
    (3103, 50),
    (3105, 59),
    (3107, 84),
    (3118, 46),
    (3201, 129),
    (3203, 98),
    (3205, 91),
    (3207, 62),
    (3209, 42),
    (3222, 44),
    (3301, 103),
    (3303, 28),
    (3305, 31),
    (3314, 27),
    (3401, 18),
    (3403, 33),
    (3405, 29),
    (3407, 31),
    (3411, 35),
    (3901, 28),
    (3903, 26),
    (3905, 58),
    (3907, 65),
    (3909, 48),
    (3911, 27),
    (4001, 37),
    (4003, 56),
    (4005, 13),
    (4012, 14),
    (4201, 7),
    (4202, 25),
    (4203, 46),
    (4204, 116),
    (4205, 23),
    (4601, 291),
    (4602, 18),
    (4614, 19),
    (4621, 16),
    (4626, 40),
    (4627, 30),
    (4631, 30),
    (4640, 12),
    (5001, 214),
    (5006, 24),
    (5007, 15),
    (5035, 25),
    (5037, 20),
    (5501, 78),
    (5503, 25),
    (5530, 15),
    (5601, 21),
    (5603, 11),
    (5605, 10),
    (5607, 8),
];
