//! The codes that stand on events, and how often each does.
//!
//! Must not know when anything happens.

use crate::demo::random::Dice;

use super::event::What;

/// Codes with weights; empty is the share that tells nothing.
type Choices = &'static [(&'static str, u32)];

const SOURCES: Choices = &[
    ("selv", 350),
    ("tannlege", 260),
    ("fastlege", 120),
    ("psykolog", 100),
    ("tannpleier", 55),
    ("parorende", 40),
    ("asyl_flyktning", 30),
    ("annet", 35),
    ("", 10),
];
const AGES: Choices = &[("18–20", 40), ("21–24", 120), ("25–44", 480), ("45–66", 285), ("67+", 65), ("", 10)];
const GROUPS: Choices = &[
    ("odontofobi", 640),
    ("overgrep", 255),
    ("overgrep+odontofobi", 70),
    ("tortur", 5),
    ("tortur+odontofobi", 3),
    ("tortur+overgrep", 2),
    ("tortur+overgrep+odontofobi", 1),
    ("", 24),
];
pub(super) const NEEDS: Choices = &[("lite", 250), ("middels", 430), ("stort", 320)];
const REASONS: Choices = &[("pasient", 550), ("medisinsk", 180), ("tjeneste", 250), ("", 20)];
pub(super) const LOST_WAITING: Choices =
    &[("avbrutt_pasient", 430), ("ikke_kontakt", 370), ("flyttet", 130), ("dod", 70)];
pub(super) const LOST_TREATED: Choices =
    &[("avbrutt_pasient", 450), ("avbrutt_team", 270), ("ikke_kontakt", 180), ("flyttet", 70), ("dod", 30)];

/// Draws one code.
pub(super) fn draw(dice: &mut Dice, choices: Choices) -> &'static str {
    dice.weighted(choices).unwrap_or("")
}

/// A referral: who sent it, and the age group.
pub(super) fn referral(dice: &mut Dice) -> What {
    What::Referred { source: draw(dice, SOURCES), age: draw(dice, AGES) }
}

/// An assessment with its target groups.
pub(super) fn assessment(dice: &mut Dice) -> What {
    What::Assessed { groups: draw(dice, GROUPS) }
}

/// The start of a pause with its reason.
pub(super) fn pause(dice: &mut Dice) -> What {
    What::PauseFrom(draw(dice, REASONS))
}

/// Whether a person came; of 1,000 who were expected, `absent` did not.
pub(super) fn visit(dice: &mut Dice, absent: u32) -> What {
    What::Visit(match dice.chance(60) {
        true => "avbestilt",
        false if dice.chance(absent) => "ikke_mott",
        false if dice.chance(5) => "",
        false => "mott",
    })
}
