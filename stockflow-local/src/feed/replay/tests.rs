mod formats;
mod hostile;
mod merge;
mod real;
mod refusal;

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use stockflow_core::{Unreadable, wire};

use super::*;

const HEADER: &str = "timestamp,symbol,open,high,low,price,previous_close,volume\n";

/// Everything that a source gives.
#[derive(Debug, Default, PartialEq, Eq)]
struct Played {
    quotes: Vec<Quote>,
    unreadable: Vec<Unreadable>,
    cursors: Vec<Vec<Cursor>>,
}

async fn play(mut replay: Replay) -> Played {
    let mut played = Played::default();
    while let Some(batch) = replay.next_batch().await.unwrap() {
        played.quotes.extend(batch.quotes);
        played.unreadable.extend(batch.unreadable);
        played.cursors.push(batch.cursors);
    }
    assert!(replay.next_batch().await.unwrap().is_none(), "exhausted for good");
    played
}

fn open(paths: &[PathBuf]) -> Replay {
    Replay::open(paths, ReplayOptions::default(), &[]).unwrap()
}

/// A folder that holds the files of a test.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::bulk::compress(bytes, 1).unwrap()
}

/// A CSV row of `symbol`, `seconds` after half past one; each price is another one.
fn row(symbol: &str, seconds: u32, price: u32) -> String {
    let (minute, second) = (30 + seconds / 60, seconds % 60);
    format!("2013-10-07T13:{minute:02}:{second:02}Z,{symbol},10,900,1,{price},9,{}\n", price * 100)
}

fn ndjson(quotes: &[Quote]) -> Vec<u8> {
    let mut lines = Vec::new();
    for quote in quotes {
        wire::encode(quote, &mut lines);
        lines.push(b'\n');
    }
    lines
}
