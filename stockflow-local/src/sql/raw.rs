//! Raw objects of the lake as batches of columns.

use datafusion::{arrow::array::RecordBatch, error::Result};
use stockflow_core::{Date, wire};

use super::{problems::Problems, quotes::QuoteColumns};
use crate::compact::partition::{RawObject, RawState};

/// Rows of a batch, at least, unless it is the last one.
const BATCH_ROWS: usize = 8_192;

/// Reads objects one after the other; those that cannot be read are noted and left out.
pub(super) struct RawBatches {
    objects: std::vec::IntoIter<(Date, RawObject)>,
    columns: QuoteColumns,
    problems: Problems,
}

impl RawBatches {
    pub(super) fn new(
        objects: Vec<(Date, RawObject)>,
        projection: Option<&[usize]>,
        problems: Problems,
    ) -> Self {
        Self { objects: objects.into_iter(), columns: QuoteColumns::new(projection), problems }
    }

    fn add(&mut self, dt: Date, object: &RawObject) {
        if object.state == RawState::Again {
            let path = object.path().display();
            self.problems.note(format_args!(
                "{path} was written again after its day was compacted; it counts after the next `stockflow compact`"
            ));
            return;
        }
        let lines = match object.uncovered() {
            Ok(lines) => lines,
            Err(error) => return self.problems.note(error.chain()),
        };
        for (at, line) in lines.split(|&byte| byte == b'\n').enumerate() {
            if line.is_empty() {
                continue;
            }
            match wire::decode(line) {
                Ok(decoded) => self.columns.push(&decoded.quote, dt),
                Err(error) => {
                    let path = object.path().display();
                    self.problems.note(format_args!("{path}: line {}: {error}", at + 1));
                }
            }
        }
    }
}

impl Iterator for RawBatches {
    type Item = Result<RecordBatch>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.columns.len() < BATCH_ROWS
            && let Some((dt, object)) = self.objects.next()
        {
            self.add(dt, &object);
        }
        (self.columns.len() > 0).then(|| self.columns.take())
    }
}
