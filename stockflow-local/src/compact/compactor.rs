//! The steps of a compaction, in the order that makes it safe.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use stockflow_core::{Date, Error, ErrorKind, Result};

use super::{
    BACKEND,
    collect::{Collector, quotes, remove_runs},
    file::{FileError, QuoteReader, QuoteWriter, Written},
    merge::{Origin, Run, merge},
    partition::{Covered, Day, Exclusive, Manifest, RawObject, RawState},
};
use crate::{io, lake::days, spool};

const TEMPORARY: &str = "compacting.parquet.tmp";

impl From<FileError> for Error {
    fn from(error: FileError) -> Self {
        let kind = match &error {
            FileError::Io(error) => io::kind(error),
            FileError::Parquet(_)
            | FileError::Arrow(_)
            | FileError::Row { .. }
            | FileError::Columns(_) => ErrorKind::Corrupt,
        };
        Self::new(kind, BACKEND, "compact").with_source(error)
    }
}

/// Compacts the lake of a data folder. While it lives, no other process compacts it; a pipeline may run beside it.
///
/// ```no_run
/// use stockflow_local::Compactor;
///
/// # fn f() -> stockflow_core::Result<()> {
/// let compactor = Compactor::open("stockflow-data")?;
/// for dt in compactor.days()? {
///     let day = compactor.compact(dt)?;
///     println!("{dt}: {} rows in {} bytes", day.rows, day.bytes);
/// }
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Compactor {
    lake: PathBuf,
    /// Id of the spool, and a position: objects of this spool whose first record comes after it are not final.
    acknowledged: Option<(String, String)>,
    _lock: Exclusive,
}

/// What a compaction left of a day.
#[derive(Debug, Default)]
pub struct CompactedDay {
    /// Rows of its Parquet file; 0 without one.
    pub rows: u64,
    /// Bytes of its Parquet file; 0 without one.
    pub bytes: u64,
    /// Raw objects that were taken into it this time.
    pub taken: usize,
    /// Raw objects that are not final yet: the pipeline may still write them.
    pub open: usize,
    /// Raw objects that cannot be read, or hold what is no quote: left as they are.
    pub damaged: Vec<Error>,
    /// Whether files that are not needed any more were kept because somebody reads the lake; the next compaction
    /// deletes them.
    pub kept: bool,
}

impl Compactor {
    /// Prepares to compact `lake/` in the folder `data`.
    ///
    /// # Errors
    /// [`ErrorKind::Denied`] if another process compacts it or the folder cannot be written, [`ErrorKind::NotFound`] if
    /// there is no lake.
    pub fn open(data: impl AsRef<Path>) -> Result<Self> {
        let lake = data.as_ref().join("lake");
        if !lake.is_dir() {
            let absent = std::io::Error::from(std::io::ErrorKind::NotFound);
            return Err(io::failed(BACKEND, "open", &lake, absent));
        }
        let lock = Exclusive::compaction(&lake)?;
        let acknowledged = spool::acknowledged(&data.as_ref().join("spool"))?;
        let acknowledged = acknowledged.map(|(id, sequence)| (id, format!("{sequence:020}")));
        Ok(Self { lake, acknowledged, _lock: lock })
    }

    /// The days of the lake, ascending.
    ///
    /// # Errors
    /// What the disk says.
    pub fn days(&self) -> Result<Vec<Date>> {
        days(&self.lake)
    }

    /// Compacts the day `dt`. Doing it again changes nothing; interrupted anywhere, no record is lost or doubled for a reader.
    ///
    /// # Errors
    /// What the disk says; [`ErrorKind::Corrupt`] if the day's Parquet file or manifest is damaged. The day is as it was.
    pub fn compact(&self, dt: Date) -> Result<CompactedDay> {
        self.compact_with(dt, &mut |step| {
            tracing::trace!(target: "stockflow::step", compaction = %dt, step);
            Ok(())
        })
    }

    fn compact_with(&self, dt: Date, step: &mut Steps<'_>) -> Result<CompactedDay> {
        let day = Day::open(&self.lake, dt)?;
        remove_runs(&day.folder).map_err(|e| io::failed(BACKEND, "clean", &day.folder, e))?;
        let mut report = CompactedDay::default();
        let Input { runs, objects } = self.read(&day, &mut report)?;
        step("read")?;
        let manifest = if runs.is_empty() {
            day.manifest.clone()
        } else {
            Some(write(&day, runs, &objects, step)?)
        };
        let Some(manifest) = manifest else { return Ok(report) };
        (report.rows, report.bytes) = (manifest.rows, manifest.bytes);
        report.kept = !self.delete(&day, manifest, &objects, step)?;
        Ok(report)
    }

    /// Whether nothing will overwrite the object: its whole batch is acknowledged.
    fn is_final(&self, object: &RawObject) -> bool {
        let (shard, position) = object.place();
        let open = |(id, acknowledged): &(String, String)| {
            shard.ends_with(id) && position > acknowledged.as_str()
        };
        !self.acknowledged.as_ref().is_some_and(open)
    }

    /// Reads what is new, and which objects are covered when it is written.
    fn read(&self, day: &Day, report: &mut CompactedDay) -> Result<Input> {
        let mut new = Collector::new(&day.folder, Origin::New);
        let mut again = Collector::new(&day.folder, Origin::Again);
        let mut objects = Vec::new();
        for object in &day.objects {
            if !self.is_final(object) {
                report.open += 1;
                continue;
            }
            match taken(object) {
                Ok((quotes, covered)) => {
                    report.taken += usize::from(!quotes.is_empty());
                    let into = if object.state == RawState::Again { &mut again } else { &mut new };
                    into.add(quotes)?;
                    objects.push((object.clone(), covered));
                }
                Err(error) if error.kind() == ErrorKind::Corrupt => report.damaged.push(error),
                Err(error) => return Err(error),
            }
        }
        if report.taken == 0 {
            return Ok(Input { runs: Vec::new(), objects });
        }
        let mut runs = Vec::new();
        if let Some(manifest) = &day.manifest {
            let path = manifest.verified(&day.folder)?;
            runs.push((Origin::Known, Run::File(Box::new(QuoteReader::open(&path)?))));
        }
        runs.extend(new.runs()?);
        runs.extend(again.runs()?);
        Ok(Input { runs, objects })
    }

    /// Deletes what is not needed any more, if nobody reads; whether it did.
    fn delete(
        &self,
        day: &Day,
        mut manifest: Manifest,
        objects: &[(RawObject, Covered)],
        step: &mut Steps<'_>,
    ) -> Result<bool> {
        let old = day.parquet().filter(|path| !path.ends_with(&manifest.parquet));
        let garbage = day
            .garbage
            .iter()
            .map(PathBuf::as_path)
            .filter(|path| !path.ends_with(&manifest.parquet));
        let covered = objects.iter().map(|(object, _)| object.path());
        let doomed: Vec<&Path> = covered.chain(garbage).chain(old.as_deref()).collect();
        if doomed.is_empty() && manifest.objects.is_empty() {
            return Ok(true);
        }
        let Some(_alone) = Exclusive::deletion(&self.lake)? else { return Ok(false) };
        for path in doomed {
            fs::remove_file(path).map_err(|e| io::failed(BACKEND, "delete", path, e))?;
            step("deleted one")?;
        }
        io::sync_folder(&day.folder).map_err(|e| io::failed(BACKEND, "delete", &day.folder, e))?;
        step("deleted all")?;
        manifest.objects.clear();
        manifest.publish(&day.folder)?;
        step("forgotten")?;
        Ok(true)
    }
}

/// What a compaction merges, and the objects that are covered afterwards.
struct Input {
    runs: Vec<(Origin, Run)>,
    objects: Vec<(RawObject, Covered)>,
}

/// Told after each step; a test lets it fail there.
type Steps<'a> = dyn FnMut(&'static str) -> Result<()> + 'a;

/// What an object has that is not compacted, and what is covered of it afterwards.
fn taken(object: &RawObject) -> Result<(Vec<stockflow_core::Quote>, Covered)> {
    let lines = object.lines()?;
    let new =
        if object.state == RawState::Again { lines.clone() } else { object.uncovered_of(&lines) };
    let quotes = quotes(&new).map_err(|what| io::corrupt(BACKEND, "read", object.path(), what))?;
    Ok((quotes, Covered::of(&lines)))
}

/// Writes the new file and makes it the one that counts.
fn write(
    day: &Day,
    runs: Vec<(Origin, Run)>,
    objects: &[(RawObject, Covered)],
    step: &mut Steps<'_>,
) -> Result<Manifest> {
    let temporary = day.folder.join(TEMPORARY);
    let file = File::create(&temporary).map_err(|e| io::failed(BACKEND, "write", &temporary, e))?;
    let mut writer = QuoteWriter::new(file)?;
    merge(runs, |quote| writer.push(quote))?;
    let Written { rows, bytes, blake3 } = writer.finish()?;
    remove_runs(&day.folder).map_err(|e| io::failed(BACKEND, "clean", &day.folder, e))?;
    step("written")?;

    let name = format!("compacted-{}.parquet", &blake3.to_hex()[..16]);
    let path = day.folder.join(&name);
    fs::rename(&temporary, &path)
        .and_then(|()| io::sync_folder(&day.folder))
        .map_err(|e| io::failed(BACKEND, "rename", &path, e))?;
    step("renamed")?;

    let mut manifest = Manifest::new(name, bytes, blake3.to_hex().to_string(), rows);
    // Read back before anything is deleted for it.
    manifest.verified(&day.folder)?;
    manifest.through = day.manifest.as_ref().map(|old| old.through.clone()).unwrap_or_default();
    for (object, covered) in objects {
        let (shard, position) = object.place();
        let through = manifest.through.entry(shard.to_owned()).or_default();
        if through.as_str() < position {
            position.clone_into(through);
        }
        manifest.objects.insert(object.name().to_owned(), covered.clone());
    }
    manifest.publish(&day.folder)?;
    step("published")?;
    Ok(manifest)
}

#[cfg(test)]
mod tests;
