//! What is handed over to KPR: all rows of a table as CSV, encrypted with `age` to KPR's key, in `root/utboks/kpr/`.
//!
//! The folder and its files are the owner's alone, and no release has a part of them. The rows are never on the disk in
//! clear: they go through the cipher on their way. The same rows have other bytes each time that they are encrypted, so
//! beside the file lies a card with the SHA-256 of the text, by which a file that would say the same stays.
//! Knows no product: a model's header says what is handed over.

use std::io::Write;
use std::path::{Path, PathBuf};

use age::x25519::Recipient;
use anyhow::{Context, anyhow, ensure};
use arrow::array::RecordBatch;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{ALL, Publisher};
use crate::config::Config;
use crate::lake::Entry;
use crate::model::{Model, Outbox};
use crate::{disk, export};

/// The folder in the root.
pub(crate) const FOLDER: &str = "utboks/kpr";

/// The configuration's name of the key.
const KEY: &str = "kpr_nokkel";

/// What became of a table that is handed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HandedOver {
    /// There is no key, so there is no file.
    NoKey,
    /// The file holds these rows.
    File {
        /// Rows, the header not counted.
        rows: u64,
        /// SHA-256 of the CSV as it is after decryption.
        sha256: String,
        /// Whether it was written now; otherwise it held this already.
        written: bool,
    },
}

/// What lies beside the file.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
struct Card {
    /// SHA-256 of the text.
    sha256: String,
    rows: u64,
    /// The key that it is encrypted to.
    nokkel: String,
    /// SHA-256 of the encrypted file.
    fil_sha256: String,
}

/// Fails when a product has a key that is none, or has nothing to encrypt with it. The key is not repeated: somebody
/// may have written the secret one.
pub(crate) fn check_keys(config: &Config, models: &[Model]) -> anyhow::Result<()> {
    for (name, product) in &config.products {
        let Some(key) = &product.kpr_key else { continue };
        recipient(name, key)?;
        let is_used = |model: &Model| model.product == *name && model.outbox == Some(Outbox::Kpr);
        ensure!(
            models.iter().any(is_used),
            "[product.{name}] has `{KEY}`, and nothing of {name} is handed over to KPR"
        );
    }
    Ok(())
}

fn recipient(product: &str, key: &str) -> anyhow::Result<Recipient> {
    let secret = if key.to_ascii_uppercase().contains("SECRET") {
        "; it looks like a secret key, which must not stand here: make a new pair, and write its public half"
    } else {
        ""
    };
    key.parse().map_err(|why: &str| {
        anyhow!("[product.{product}] `{KEY}` is no public key of age (X25519, `age1…`): {why}{secret}")
    })
}

/// Writes what the models of a product hand over to KPR. Call it when the product is shown.
pub(super) fn write(publisher: &Publisher<'_>, model: &Model) -> anyhow::Result<HandedOver> {
    let folder = publisher.config.root.join(FOLDER);
    let (file, card) = (folder.join(format!("{}.csv.age", model.name)), folder.join(format!("{}.json", model.name)));
    remove_half_written(&folder)?;
    let Some(key) = publisher.config.product(&model.product).kpr_key else {
        disk::remove(&file)?;
        disk::remove(&card)?;
        tracing::warn!(
            table = model.name,
            "not handed over to KPR: [product.{}] has no `{KEY}` to encrypt it to",
            model.product
        );
        return Ok(HandedOver::NoKey);
    };
    let entry = publisher.state.entry(&model.name, ALL).with_context(|| format!("{} was not built", model.name))?;
    publisher.lake.check_content(entry)?;
    let mut hash = Sha256::new();
    text(publisher, model, entry, |bytes| {
        hash.update(bytes);
        Ok(())
    })?;
    let (sha256, rows) = (disk::hex(&hash.finalize()), entry.rows);
    if is_there(&file, &card, &sha256, &key) {
        return Ok(HandedOver::File { rows, sha256, written: false });
    }
    let recipient = recipient(&model.product, &key)?;
    disk::replace_private(&file, |out| {
        let sealing = || format!("encrypting {}", model.name);
        let recipients = std::iter::once(&recipient as &dyn age::Recipient);
        let encryptor = age::Encryptor::with_recipients(recipients).with_context(sealing)?;
        let mut sealed = encryptor.wrap_output(out).with_context(sealing)?;
        text(publisher, model, entry, |bytes| sealed.write_all(bytes).with_context(sealing))?;
        sealed.finish().with_context(sealing)?;
        Ok(())
    })?;
    let written = Card { sha256: sha256.clone(), rows, nokkel: key, fil_sha256: disk::sha256_of_file(&file)? };
    let written = serde_json::to_string_pretty(&written).context("writing what is handed over")? + "\n";
    disk::write_private(&card, written.as_bytes())?;
    tracing::info!(table = model.name, rows, "handed over to KPR");
    Ok(HandedOver::File { rows, sha256, written: true })
}

/// The table as CSV, batch by batch, the header first.
fn text(
    publisher: &Publisher<'_>,
    model: &Model,
    entry: &Entry,
    mut put: impl FnMut(&[u8]) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let header = export::csv(model, &RecordBatch::new_empty(publisher.lake.schema(entry)?))?;
    put(&header)?;
    for batch in publisher.lake.batches(entry)? {
        // Each batch comes with a header of its own.
        let text = export::csv(model, &batch?)?;
        put(text.get(header.len()..).unwrap_or_default())?;
    }
    Ok(())
}

/// Whether the file holds the text already, encrypted to this key.
fn is_there(file: &Path, card: &Path, sha256: &str, key: &str) -> bool {
    let known = disk::read_text(card).ok().and_then(|text| serde_json::from_str::<Card>(&text).ok());
    known.is_some_and(|known| {
        known.sha256 == sha256
            && known.nokkel == key
            && disk::sha256_of_file(file).is_ok_and(|found| found == known.fil_sha256)
    })
}

/// Files that a killed run was writing; they hold nothing in clear either.
fn remove_half_written(folder: &Path) -> anyhow::Result<()> {
    let is_half = |file: &PathBuf| file.to_string_lossy().starts_with(disk::HALF_WRITTEN);
    disk::files_below(folder)?.iter().filter(|file| is_half(file)).try_for_each(|file| disk::remove(&folder.join(file)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_and_a_wrong_one_is_not_repeated() {
        let key = age::x25519::Identity::generate();
        assert!(recipient("too", &key.to_public().to_string()).is_ok());
        for wrong in ["", "age1", "age1qqqqqqqq", &key.to_public().to_string()[..40]] {
            let error = recipient("too", wrong).err().unwrap().to_string();
            assert!(error.starts_with("[product.too] `kpr_nokkel` is no public key of age"), "{error}");
        }
        use age::secrecy::ExposeSecret;
        let secret = key.to_string().expose_secret().to_owned();
        let error = recipient("too", &secret).err().unwrap().to_string();
        assert!(error.contains("looks like a secret key") && !error.contains(&secret[20..]), "{error}");
    }
}
