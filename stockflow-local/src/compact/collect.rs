//! Raw objects into sorted runs.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use bytes::Bytes;
use stockflow_core::{Quote, wire};

use super::{
    file::{FileError, QuoteReader, QuoteWriter},
    merge::{Origin, Run, key},
};

/// Quotes that are sorted in memory, of about 100 bytes; more go through a file.
const RUN_QUOTES: usize = 1 << 20;
const RUN_ENDING: &str = ".run.tmp";

/// Collects quotes of one origin, sorted, in bounded memory.
#[derive(Debug)]
pub(super) struct Collector {
    folder: PathBuf,
    origin: Origin,
    most: usize,
    quotes: Vec<Quote>,
    files: Vec<PathBuf>,
}

impl Collector {
    /// Uses files in `folder` for what does not fit into memory.
    pub(super) fn new(folder: &Path, origin: Origin) -> Self {
        let (folder, quotes, files) = (folder.to_owned(), Vec::new(), Vec::new());
        Self { folder, origin, most: RUN_QUOTES, quotes, files }
    }

    /// Takes the quotes of an object, in its order.
    pub(super) fn add(&mut self, quotes: Vec<Quote>) -> Result<(), FileError> {
        self.quotes.extend(quotes);
        if self.quotes.len() >= self.most { self.spill() } else { Ok(()) }
    }

    fn spill(&mut self) -> Result<(), FileError> {
        let mut quotes = std::mem::take(&mut self.quotes);
        quotes.sort_by_key(key);
        let name = format!(".{:?}-{}{RUN_ENDING}", self.origin, self.files.len());
        let path = self.folder.join(name);
        let mut writer = QuoteWriter::new(File::create(&path)?)?;
        quotes.iter().try_for_each(|quote| writer.push(quote))?;
        self.files.push(path);
        writer.finish()?;
        Ok(())
    }

    /// The runs, in the order in which their quotes came.
    pub(super) fn runs(mut self) -> Result<Vec<(Origin, Run)>, FileError> {
        let mut runs = Vec::new();
        for path in &self.files {
            runs.push((self.origin, Run::File(Box::new(QuoteReader::open(path)?))));
        }
        self.quotes.sort_by_key(key);
        runs.push((self.origin, Run::Memory(self.quotes.into_iter())));
        Ok(runs)
    }
}

/// Removes the files of runs, also those of a compaction that was interrupted.
pub(super) fn remove_runs(folder: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(|name| name.ends_with(RUN_ENDING)) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// The quotes of an object's lines.
///
/// # Errors
/// Which line is no quote, and why.
pub(super) fn quotes(lines: &Bytes) -> Result<Vec<Quote>, String> {
    let mut quotes = Vec::with_capacity(lines.len() / 200 + 1);
    for (at, line) in lines.split(|&byte| byte == b'\n').enumerate() {
        if !line.is_empty() {
            let decoded = wire::decode(line).map_err(|e| format!("line {}: {e}", at + 1))?;
            quotes.push(decoded.quote);
        }
    }
    Ok(quotes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compact::merge::merge;

    #[test]
    fn what_does_not_fit_into_memory_comes_out_in_order_all_the_same() {
        let folder = tempfile::tempdir().unwrap();
        let mut collector = Collector::new(folder.path(), Origin::New);
        collector.most = 10;
        for batch in 0..7_i64 {
            let lines: String = (0..4_i64)
                .map(|n| {
                    let second = (batch * 31 + n * 17) % 60;
                    format!(
                        "{{\"symbol\":\"S{}\",\"open\":1,\"high\":1,\"low\":1,\"price\":1,\"previous_close\":1,\
                         \"volume\":{batch},\"timestamp\":\"2026-11-23T14:30:{second:02}Z\"}}\n",
                        n % 3
                    )
                })
                .collect();
            collector.add(quotes(&lines.into()).unwrap()).unwrap();
        }
        assert_eq!(collector.files.len(), 2);
        let mut out = Vec::new();
        merge(collector.runs().unwrap(), |quote| {
            out.push(*quote);
            Ok(())
        })
        .unwrap();
        assert_eq!(out.len(), 28);
        assert!(out.is_sorted_by_key(key));
        remove_runs(folder.path()).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
