//! How far the functions are.

use super::Emulated;

/// What the functions were given so far, as the emulator logs it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Records of the stream of quotes.
    pub records: u64,
    /// Records of the table's stream, after the filter.
    pub changes: u64,
    /// Invocations that failed.
    pub failures: u64,
}

impl Emulated {
    /// How much the functions have done.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let mut progress = Progress::default();
        for line in self.emulator.log().lines() {
            let Some((_, line)) = line.split_once("ESM: Lambda ") else { continue };
            let count = |what: &str| {
                let (_, rest) = line.split_once(" processed ")?;
                rest.split_once(what)?.0.parse::<u64>().ok()
            };
            progress.records += count(" Kinesis records").unwrap_or_default();
            progress.changes += count(" DynamoDB stream records").unwrap_or_default();
            progress.failures += u64::from(line.contains(" failed processing "));
        }
        progress
    }
}
