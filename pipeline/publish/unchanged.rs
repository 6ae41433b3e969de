//! A night with nothing new: the release that is shown is what tonight's would be but for its date, so it stays, and
//! its pages keep the day on which their figures came.
//!
//! Compares what releases are made from, not what they hold; whatever is in doubt is made anew.

use std::collections::BTreeMap;
use std::path::Path;

use super::dates::{DOCTORS, PUBLIC};
use super::manifest::Manifest;
use super::release::Draft;
use super::switch::Turns;
use super::{Publisher, verify};
use crate::disk;
use crate::lake::State;

/// The setting that tells what pages are made with.
const PAGES: &str = "pages";

impl Publisher<'_> {
    /// Whether the release that is shown, named so by its manifest, stays.
    pub(super) fn is_nothing_new(&self, draft: &Draft, turns: &Turns) -> bool {
        let (Some(before), Some(state)) = (&draft.before, draft.shown_at("state.json")) else { return false };
        let products = self.models.products();
        let is_same = |product: &&str| {
            let part = before.products.get(*product);
            if self.carried.contains(*product) {
                // Its pages say already that they stand, or shared pages that it is not there.
                return part.is_none_or(|part| part.stands_since.is_some());
            }
            let Some(part) = part.filter(|part| part.stands_since.is_none()) else { return false };
            let basis = self.basis(product);
            part.inputs == basis.inputs
                && part.models == basis.models
                && part.thresholds == basis.thresholds
                && part.paragraphs == basis.paragraphs
                && part.legal_basis == self.config.product(product).legal_basis
                && part.late == self.late_sources(product)
        };
        // A release of a later day would keep every run of today from publishing.
        before.as_of <= self.as_of.date().to_string()
            && before.synthetic == self.config.synthetic
            && before.settings.get(PAGES) == Some(&self.pages_are_made_with())
            && before.products.keys().all(|product| products.contains(product.as_str()))
            && products.iter().all(is_same)
            && products.iter().all(|product| turns.is_quiet(PUBLIC, product) && turns.is_quiet(DOCTORS, product))
            && self.holds(&state, draft)
            && self.is_whole(draft, before)
    }

    /// Whether a release's state is the one that tonight's would have.
    fn holds(&self, state: &Path, draft: &Draft) -> bool {
        let both = State::load_existing(state).and_then(|shown| Ok((shown, self.released_state(draft)?)));
        both.is_ok_and(|(shown, wanted)| contents(&shown) == contents(&wanted))
    }

    fn is_whole(&self, draft: &Draft, before: &Manifest) -> bool {
        let release = super::Releases::at(&self.config.root).folder(&before.release);
        draft.shown_at("state.json").is_some_and(|state| state.parent() == Some(&release))
            && verify::damaged(&release).is_ok_and(|problems| problems.is_empty())
    }

    /// What decides pages beside figures: the program, the site, and the dates and the contact that pages tell of.
    pub(super) fn pages_are_made_with(&self) -> String {
        let told = |name: &&str| {
            let product = self.config.product(name);
            format!("{name} {:?} {:?}", product.dates, product.contact)
        };
        let told: Vec<String> = self.models.products().iter().map(told).collect();
        let parts = [env!("CARGO_PKG_VERSION"), self.site.hash(), &told.join("\n")].join("\n");
        disk::sha256(parts.as_bytes())
    }

    /// The setting for the manifest.
    pub(super) fn pages_setting(&self) -> (String, String) {
        (PAGES.to_owned(), self.pages_are_made_with())
    }
}

/// What tables hold, whatever files they are in and however they were reached.
fn contents(state: &State) -> BTreeMap<(&str, &str), &str> {
    let of = |(table, partitions)| {
        let (table, partitions): (&String, &BTreeMap<String, crate::lake::Entry>) = (table, partitions);
        partitions.iter().map(move |(at, entry)| ((table.as_str(), at.as_str()), entry.content.as_str()))
    };
    state.tables.iter().flat_map(of).collect()
}
