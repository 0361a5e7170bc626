//! Parquet: columns as those of CSV, or a lake's compacted days.

use std::{io, path::Path};

use stockflow_core::{Date, Quote, TickNumbering};

use super::{
    content::Content,
    error::ReplayError,
    folder::Piece,
    rows::{Broken, Item, Row, Rows},
};
use crate::compact::{
    file::{FileError, QuoteReader},
    partition::{Day, Lease, RawState},
};

/// Rows of a compacted day that are sorted by time in memory, of 100 bytes each; larger ones come by symbol.
const SORTED_ROWS: u64 = 1 << 20;

pub(super) fn rows(content: Content) -> Result<Box<dyn Rows>, ReplayError> {
    let path = content.path.clone();
    let reader = QuoteReader::new(content.into_file()).map_err(|error| match error {
        FileError::Io(source) => ReplayError::Read { path, source },
        other => ReplayError::Format {
            path,
            expected: "Parquet with the columns symbol, timestamp, open, high, low, price, previous_close, volume"
                .into(),
            found: other.to_string(),
        },
    })?;
    if reader.is_compacted() && reader.total_rows() <= SORTED_ROWS {
        return Ok(Box::new(ByTime { reader: Some(reader), rows: Vec::new().into_iter() }));
    }
    // A compacted file has the times of the lake, which are numbered.
    let numbering = (!reader.is_compacted()).then(TickNumbering::default);
    Ok(Box::new(InOrder { reader: Some(reader), number: 0, numbering }))
}

/// Rows in the order of the file.
#[derive(Debug)]
struct InOrder {
    reader: Option<QuoteReader>,
    number: u64,
    numbering: Option<TickNumbering>,
}

impl Rows for InOrder {
    fn next_row(&mut self) -> io::Result<Option<Row>> {
        let Some(reader) = &mut self.reader else { return Ok(None) };
        let read = reader.next_row();
        self.number += 1;
        let item = match read {
            Ok(None) => return Ok(None),
            Ok(Some(Ok(mut quote))) => {
                if let Some(numbering) = &mut self.numbering {
                    quote.timestamp = numbering.number(quote.symbol, quote.timestamp);
                }
                Item::Quote(quote)
            }
            Ok(Some(Err(reason))) => broken(self.number, reason),
            Err(error) => {
                self.reader = None;
                broken(self.number, damage(error)?)
            }
        };
        Ok(Some(Row { number: self.number, item }))
    }
}

/// Rows of a compacted day, which is sorted by symbol, in the order of their times.
#[derive(Debug)]
struct ByTime {
    reader: Option<QuoteReader>,
    rows: std::vec::IntoIter<Row>,
}

impl ByTime {
    fn read(mut reader: QuoteReader) -> io::Result<std::vec::IntoIter<Row>> {
        let mut quotes: Vec<Quote> = Vec::new();
        let mut rows: Vec<Row> = Vec::new();
        loop {
            let number = (quotes.len() + rows.len()) as u64 + 1;
            match reader.next_row() {
                Ok(None) => break,
                Ok(Some(Ok(quote))) => quotes.push(quote),
                Ok(Some(Err(reason))) => rows.push(Row { number, item: broken(number, reason) }),
                Err(error) => {
                    rows.push(Row { number, item: broken(number, damage(error)?) });
                    break;
                }
            }
        }
        quotes.sort_by_key(|quote| quote.timestamp);
        let first = rows.len() as u64 + 1;
        for (row, number) in rows.iter_mut().zip(1..) {
            row.number = number;
        }
        rows.extend(
            quotes
                .into_iter()
                .zip(first..)
                .map(|(quote, number)| Row { number, item: Item::Quote(quote) }),
        );
        Ok(rows.into_iter())
    }
}

impl Rows for ByTime {
    fn next_row(&mut self) -> io::Result<Option<Row>> {
        if let Some(reader) = self.reader.take() {
            self.rows = Self::read(reader)?;
        }
        Ok(self.rows.next())
    }
}

fn broken(number: u64, reason: String) -> Item {
    let place = format!("row {number}");
    Item::Broken(Broken { place, reason: reason.into(), data: bytes::Bytes::new() })
}

/// What damage says, unless it is the disk that failed.
fn damage(error: FileError) -> io::Result<String> {
    match error {
        FileError::Io(error) => Err(error),
        other => Ok(format!("the file is damaged here, and nothing after it can be read: {other}")),
    }
}

/// Keeps a compaction from deleting files of a lake folder while it is read.
pub(super) type Hold = Lease;

pub(super) fn hold(folder: &Path) -> Hold {
    Lease::new(folder)
}

/// Which files of a day count, as its manifest says: of what is compacted, no object; of the rest, no Parquet file that a
/// compaction left behind.
pub(super) fn counted(day: &Path, names: Vec<String>) -> io::Result<Vec<Piece>> {
    let Some((lake, dt)) = place(day) else {
        return Ok(names.into_iter().map(Piece::from).collect());
    };
    let day = Day::open(lake, dt).map_err(io::Error::other)?;
    let mut left_out: Vec<String> = day.garbage.iter().filter_map(|path| name(path)).collect();
    for object in &day.objects {
        let compacted = match object.state {
            RawState::Open => false,
            RawState::Again => true,
            RawState::Covered(_) => object.uncovered().map_err(io::Error::other)?.is_empty(),
        };
        if object.state == RawState::Again || !compacted && object.state != RawState::Open {
            return Err(io::Error::other(format!(
                "{} was written again after its day was compacted; compact the day again",
                object.path().display()
            )));
        }
        if compacted {
            left_out.push(object.name().to_owned());
        }
    }
    let pieces = names.into_iter().filter(|name| !left_out.contains(name)).map(|name| {
        let manifest = day.manifest.as_ref().filter(|manifest| manifest.parquet == name);
        Piece { name, blake3: manifest.map(|manifest| manifest.blake3.clone()) }
    });
    Ok(pieces.collect())
}

fn place(day: &Path) -> Option<(&Path, Date)> {
    let name = day.file_name()?.to_str()?;
    Some((day.parent()?, name.strip_prefix("dt=")?.parse().ok()?))
}

fn name(path: &Path) -> Option<String> {
    Some(path.file_name()?.to_str()?.to_owned())
}

#[cfg(test)]
#[path = "parquet_rows/tests.rs"]
mod tests;
