//! The one XML in a zip, read with suspicion: a zip that unpacks without end, has paths or links in it, is encrypted or
//! holds several files that could be meant is refused. Nothing is ever unpacked to disk.
//!
//! Knows nothing of what the XML says.

use std::cell::Cell;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek};

use anyhow::{Context, bail, ensure};
use zip::ZipArchive;

/// A real M30 is about 120 MB; one that unpacks to more than this is not FEST.
const LARGEST: u64 = 2 << 30;
/// XML packs to a tenth or a thirtieth; what unpacks to more than this many times its size is made to fill a machine.
const LARGEST_RATIO: u64 = 200;
/// Below this size the ratio says nothing.
const RATIO_FROM: u64 = 16 << 20;
/// A delivery is one file, and perhaps some that explain it.
const MOST_ENTRIES: usize = 100;

/// Reads the XML of a file that is either XML or a zip with one.
pub(super) fn with_xml<T>(
    mut file: File,
    read: impl FnOnce(&mut dyn BufRead) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let mut magic = [0; 2];
    let zipped = file.read_exact(&mut magic).is_ok() && magic == *b"PK";
    file.rewind().context("reading the file again")?;
    if !zipped {
        return guarded(file, LARGEST, read);
    }
    let mut archive = ZipArchive::new(file).context("the zip is cut off or damaged; fetch it again")?;
    let (at, packed) = the_xml(&mut archive)?;
    let entry = archive.by_index(at).context("unpacking the zip")?;
    guarded(entry, LARGEST.min((packed.saturating_mul(LARGEST_RATIO)).max(RATIO_FROM)), read)
}

/// Where the XML is, and its packed size.
fn the_xml(archive: &mut ZipArchive<File>) -> anyhow::Result<(usize, u64)> {
    ensure!(archive.len() <= MOST_ENTRIES, "the zip holds {} files; a delivery is one", archive.len());
    let mut found = Vec::new();
    for at in 0..archive.len() {
        let entry = archive.by_index_raw(at).context("the zip is not readable")?;
        let name = entry.name().context("a file name in the zip is not readable")?;
        ensure!(!is_path_trick(&name), "a file name in the zip leads out of it ({}. of its names)", at + 1);
        ensure!(!entry.is_symlink(), "the zip holds a link to another file ({}. of its names)", at + 1);
        if name.to_ascii_lowercase().ends_with(".xml") {
            ensure!(!entry.encrypted(), "the XML in the zip is encrypted; it must come without a password");
            found.push((at, entry.compressed_size()));
        }
    }
    match found.as_slice() {
        [xml] => Ok(*xml),
        _ => bail!("the zip holds {} XML files, not one", found.len()),
    }
}

/// Absolute names, names with a drive, and names that climb.
fn is_path_trick(name: &str) -> bool {
    name.starts_with(['/', '\\']) || name.contains([':', '\0']) || name.split(['/', '\\']).any(|part| part == "..")
}

/// Reads to a limit, beyond which the file is at fault whatever the reader makes of the end.
fn guarded<T>(
    input: impl Read,
    most: u64,
    read: impl FnOnce(&mut dyn BufRead) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let left = Cell::new(most);
    let guard = Guard { input, left: &left };
    let result = read(&mut BufReader::with_capacity(1 << 16, guard));
    ensure!(left.get() > 0, "the file unpacks to more than {} MiB, which FEST does not; it is not read", most >> 20);
    result
}

struct Guard<'a, R> {
    input: R,
    left: &'a Cell<u64>,
}

impl<R: Read> Read for Guard<'_, R> {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let left = usize::try_from(self.left.get()).unwrap_or(usize::MAX);
        let most = into.len().min(left);
        let n = self.input.read(&mut into[..most])?;
        self.left.set(self.left.get() - n as u64);
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    /// What is read of these bytes as a file.
    fn read(bytes: &[u8]) -> Result<String, String> {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("x.zip");
        crate::disk::write(&place, bytes).unwrap();
        let read = with_xml(crate::disk::open(&place).unwrap(), |xml| {
            let mut text = String::new();
            xml.read_to_string(&mut text).context("reading")?;
            Ok(text)
        });
        read.map_err(|error| format!("{error:#}"))
    }

    fn zipped(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
        for (name, bytes) in files {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(bytes).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    #[test]
    fn the_one_xml_is_read_plain_or_zipped() {
        assert_eq!(read(b"<a/>").unwrap(), "<a/>");
        assert_eq!(read(&zipped(&[("LESMEG.TXT", b"x"), ("fest/fest251.XML", b"<a/>")])).unwrap(), "<a/>");
        assert!(read(&zipped(&[("a.xml", b"<a/>"), ("b.xml", b"<a/>")])).unwrap_err().contains("2 XML files, not one"));
        assert!(read(&zipped(&[("a.txt", b"")])).unwrap_err().contains("0 XML files, not one"));
    }

    #[test]
    fn names_that_lead_out_of_the_zip_refuse_it() {
        for name in ["../a.xml", "a/../../b.txt", "/etc/a.xml", "C:a.xml", "..\\a.xml", "\\a.xml"] {
            let error = read(&zipped(&[("good.xml", b"<a/>"), (name, b"<a/>")])).unwrap_err();
            assert!(error.contains("leads out of it (2. of its names)"), "{name}: {error}");
        }
    }

    #[test]
    fn links_and_crowds_refuse_it() {
        let mut zip = ZipWriter::new(std::io::Cursor::new(Vec::new()));
        zip.add_symlink("a.xml", "/etc/passwd", SimpleFileOptions::default()).unwrap();
        let error = read(&zip.finish().unwrap().into_inner()).unwrap_err();
        assert!(error.contains("link to another file"), "{error}");
        let names: Vec<String> = (0..=MOST_ENTRIES).map(|n| format!("{n}.txt")).collect();
        let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"".as_slice())).collect();
        assert!(read(&zipped(&files)).unwrap_err().contains("holds 101 files"));
    }

    #[test]
    fn an_encrypted_xml_is_refused_by_name_of_the_trouble() {
        let mut bytes = zipped(&[("a.xml", b"<a/>")]);
        // Bit 0 of the flags, in the local header and in the directory.
        let directory = bytes.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
        bytes[6] |= 1;
        bytes[directory + 8] |= 1;
        let error = read(&bytes).unwrap_err();
        assert!(error.contains("is encrypted"), "{error}");
    }

    #[test]
    fn a_bomb_is_refused_whatever_size_it_declares() {
        let spaces = vec![b' '; 40 << 20];
        let bomb = zipped(&[("a.xml", &spaces)]);
        assert!(bomb.len() < 100_000);
        let error = read(&bomb).unwrap_err();
        assert!(error.contains("unpacks to more than 16 MiB"), "{error}");
        // It declares to be small: unpacking stops there, or at the limit, and is an error either way.
        let mut lying = bomb;
        let directory = lying.windows(4).position(|four| four == b"PK\x01\x02").unwrap();
        lying[directory + 24..directory + 28].copy_from_slice(&10_u32.to_le_bytes());
        assert!(read(&lying).is_err());
    }
}
