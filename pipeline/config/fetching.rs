//! `[henting]`: how patient fetching is, and how large a file may be. Knows no source.

use std::time::Duration;

use anyhow::{Context, ensure};
use serde::Deserialize;

/// How files are fetched, and when a local file is taken to be whole.
#[derive(Clone, Debug)]
pub struct Fetching {
    /// How long a connection may take to be made.
    pub connect: Duration,
    /// How long a server may be silent.
    pub silence: Duration,
    /// How long one file may take, once its server answers.
    pub total: Duration,
    /// How long all of fetching may take: what has not come by then is left for the next run, so that the rest of the
    /// night has its time.
    pub whole_step: Duration,
    /// How often a file is asked for before it is given up, at least once.
    pub attempts: u32,
    /// The pause after the first attempt; each one after it is twice as long.
    pub pause: Duration,
    /// The longest pause, also when the server asks for a longer one.
    pub longest_pause: Duration,
    /// The largest file that is taken, bytes.
    pub largest: u64,
    /// A local file that was changed less than this ago is looked at twice, this far apart.
    pub settle: Duration,
}

/// The keys as an operator writes them. Seconds may have decimals.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct WrittenFetching {
    forbindelse_sekunder: f64,
    stille_sekunder: f64,
    totalt_sekunder: f64,
    samlet_sekunder: f64,
    forsok: u32,
    pause_sekunder: f64,
    lengste_pause_sekunder: f64,
    storste_mib: u64,
    ro_sekunder: f64,
}

impl Default for WrittenFetching {
    fn default() -> Self {
        WrittenFetching {
            forbindelse_sekunder: 10.0,
            stille_sekunder: 60.0,
            totalt_sekunder: 1800.0,
            samlet_sekunder: 7200.0,
            forsok: 5,
            pause_sekunder: 2.0,
            lengste_pause_sekunder: 300.0,
            storste_mib: 4096,
            // Uploads pause; that a night waits a minute when something has just come harms nobody.
            ro_sekunder: 60.0,
        }
    }
}

impl WrittenFetching {
    pub(super) fn check(&self) -> anyhow::Result<Fetching> {
        ensure!((1..=20).contains(&self.forsok), "`forsok` is not from 1 to 20");
        let largest = self.storste_mib.checked_mul(1 << 20).filter(|bytes| *bytes > 0);
        let fetching = Fetching {
            connect: seconds("forbindelse_sekunder", self.forbindelse_sekunder)?,
            silence: seconds("stille_sekunder", self.stille_sekunder)?,
            total: seconds("totalt_sekunder", self.totalt_sekunder)?,
            whole_step: seconds("samlet_sekunder", self.samlet_sekunder)?,
            attempts: self.forsok,
            pause: seconds("pause_sekunder", self.pause_sekunder)?,
            longest_pause: seconds("lengste_pause_sekunder", self.lengste_pause_sekunder)?,
            largest: largest.context("`storste_mib` is no size")?,
            settle: seconds("ro_sekunder", self.ro_sekunder)?,
        };
        for (key, time) in [
            ("forbindelse_sekunder", fetching.connect),
            ("stille_sekunder", fetching.silence),
            ("totalt_sekunder", fetching.total),
            ("samlet_sekunder", fetching.whole_step),
        ] {
            ensure!(!time.is_zero(), "`{key}` is 0: nothing could be fetched");
        }
        Ok(fetching)
    }
}

fn seconds(key: &str, value: f64) -> anyhow::Result<Duration> {
    let time = Duration::try_from_secs_f64(value).ok().filter(|time| *time <= Duration::from_secs(86_400));
    time.with_context(|| format!("`{key}` is no number of seconds from 0 to 86400"))
}
