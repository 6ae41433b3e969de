//! Lists of what counties deliver, made from the contracts: for all in `offentlig/data/variabler/`, and for each county in
//! its own folder, since a county need not see the public tree where it sees its own.

use std::collections::BTreeMap;

use super::Publisher;
use super::dates::PUBLIC;
use super::release::{About, Draft};
use crate::contract::Contract;
use crate::export::variables::{self, Language, Variable};

/// The folder, in the public tree below `data/` and in a county's own.
const FOLDER: &str = "variabler";

impl Publisher<'_> {
    /// Writes the lists of the products that are on. They hold no figure, so no date holds the public ones back, and they
    /// are no product's alone.
    pub(super) fn put_variables(&self, draft: &mut Draft) -> anyhow::Result<()> {
        let counties: Vec<String> = {
            let own = draft.files.keys().filter_map(|path| path.strip_prefix("fylke/")?.split_once('/'));
            let mut counties: Vec<String> = own.map(|(county, _)| county.to_owned()).collect();
            counties.dedup();
            counties
        };
        for contract in Contract::embedded()?.iter().filter(|contract| self.is_asked_of_counties(contract)) {
            let own = About { product: Some(contract.product.clone()), ..About::default() };
            let is_carried = self.carried.contains(&contract.product);
            let files = [
                (format!("{}_nb.csv", contract.source), variables::csv(contract, Language::Nb)?),
                (format!("{}_nn.csv", contract.source), variables::csv(contract, Language::Nn)?),
                (format!("{}.schema.json", contract.source), variables::schema(contract)?),
            ];
            for (name, bytes) in &files {
                draft.put(&format!("{PUBLIC}/data/{FOLDER}/{name}"), bytes, &About::default())?;
                for county in counties.iter().filter(|_| !is_carried) {
                    draft.put(&format!("fylke/{county}/{FOLDER}/{name}"), bytes, &own)?;
                }
            }
        }
        Ok(())
    }

    /// The variables of each source that counties deliver, for pages.
    pub(super) fn variables(&self) -> anyhow::Result<BTreeMap<String, Vec<Variable>>> {
        let contracts = Contract::embedded()?;
        let asked = contracts.iter().filter(|contract| self.is_asked_of_counties(contract));
        Ok(asked.map(|contract| (contract.source.clone(), variables::variables(contract))).collect())
    }

    /// Whether counties deliver the source, row by row, for a product that is on.
    fn is_asked_of_counties(&self, contract: &Contract) -> bool {
        let is_on = self.models.products().contains(contract.product.as_str());
        let of_counties = contract.tables.iter().any(|table| table.columns.iter().any(|it| it.delivered == "fylkesnr"));
        is_on && of_counties && contract.dimensions.is_none()
    }
}
