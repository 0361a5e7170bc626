//! A data folder.

use std::{error::Error as _, io, iter::successors, path::Path};

use stockflow_core::{AlertStatus, ErrorKind, Result, Timestamp};
use stockflow_local::{AlertQuery, LocalReader, Spool, lake};

use super::{super::engine, Doctor, Finding, now};

/// As many rows are read at a time.
const PAGE: usize = 10_000;

/// Every check of the folder; only the first, if there is none.
pub(super) fn examine(command: &Doctor) -> Vec<Finding> {
    let folder = match command.data.existing() {
        Ok(folder) => folder,
        Err(failure) => {
            let what = failure.text().unwrap_or_default().to_owned();
            let todo = "run `stockflow run`, or name the folder with --data";
            return vec![Finding::broken("folder", what, todo)];
        }
    };
    let mut findings = vec![Finding::ok("folder", folder.display().to_string())];
    match LocalReader::open(folder) {
        Ok(reader) => findings.extend([rows(command, &reader), alerts(&reader)]),
        Err(error) => findings.push(unreadable("rows", &error)),
    }
    findings.push(spool(&folder.join("spool")));
    findings.push(newest_objects(&folder.join("lake")));
    findings.push(quarantine(&folder.join("quarantine")));
    findings
}

fn unreadable(check: &'static str, error: &stockflow_core::Error) -> Finding {
    let todo = match error.kind() {
        ErrorKind::Denied => {
            "give this user the right to read it, or stop the program that locks it"
        }
        ErrorKind::NotFound => "run `stockflow run`: it makes it",
        ErrorKind::Corrupt => {
            "put it back from a backup; or move it away and run `stockflow run --replay DATA/lake`, which makes the rows again"
        }
        _ => "see what the disk says; nothing was changed",
    };
    Finding::broken(check, error.chain(), todo)
}

fn rows(command: &Doctor, reader: &LocalReader) -> Finding {
    match newest(reader) {
        Ok(Some(time)) => command.age("quotes", time, now()),
        Ok(None) => Finding::warning(
            "quotes",
            "there are none",
            "run `stockflow run`, or look into quarantine/ for why none could be read",
        ),
        Err(error) => unreadable("quotes", &error),
    }
}

/// The newest market time of all symbols.
fn newest(reader: &LocalReader) -> Result<Option<Timestamp>> {
    let (mut newest, mut after) = (None, None);
    loop {
        let page = reader.scan(after, PAGE)?;
        let Some(last) = page.last() else { return Ok(newest) };
        after = Some(last.row.key());
        newest = newest.max(page.iter().map(|row| row.row.quote.timestamp).max());
    }
}

fn alerts(reader: &LocalReader) -> Finding {
    let entries = match reader.alerts(&AlertQuery::default()) {
        Ok(entries) => entries,
        Err(error) => return unreadable("alerts", &error),
    };
    let pending = |status: &AlertStatus| matches!(status, AlertStatus::Claimed { .. });
    let waiting: Vec<_> = entries.iter().filter(|entry| pending(&entry.status)).collect();
    let Some(first) = waiting.iter().map(|entry| entry.alert.cause).min() else {
        return Finding::ok("alerts", format!("{} told, none waits", entries.len()));
    };
    Finding::warning(
        "alerts",
        format!("{} wait to be told, the first since {first}", waiting.len()),
        "run `stockflow run` again: it tells them; if they stay, look at the alerters of its configuration",
    )
}

fn spool(folder: &Path) -> Finding {
    const CHECK: &str = "spool";
    if !folder.is_dir() {
        return Finding::ok(CHECK, "there is none, so nothing waits in it");
    }
    match Spool::examine(folder) {
        Ok(damages) if damages.is_empty() => Finding::ok(CHECK, "no damage"),
        Ok(damages) => {
            let damages: Vec<String> = damages.iter().map(ToString::to_string).collect();
            Finding::broken(
                CHECK,
                damages.join("; "),
                "all else is readable: run goes on after it; replay the feed of that time, what is there counts once",
            )
        }
        // Whoever has it open has looked at it.
        Err(error) if is_in_use(&error) => {
            Finding::ok(CHECK, "not looked into: a program that runs has it open")
        }
        Err(error) => unreadable(CHECK, &error),
    }
}

/// Whether another process has it open; the other reason for a refusal is what the disk says.
fn is_in_use(error: &stockflow_core::Error) -> bool {
    let mut causes = successors(error.source(), |cause| (*cause).source());
    error.kind() == ErrorKind::Denied && !causes.any(|cause| cause.is::<io::Error>())
}

/// The objects of the lake's newest day, each held against its checksum.
fn newest_objects(root: &Path) -> Finding {
    const CHECK: &str = "lake";
    let days = match lake::days(root) {
        Ok(days) => days,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            return Finding::warning(CHECK, "there is none", "run `stockflow run`: it makes it");
        }
        Err(error) => return unreadable(CHECK, &error),
    };
    let Some(newest) = days.last() else {
        return Finding::warning(CHECK, "it is empty", "run `stockflow run` fills it");
    };
    let objects = match lake::objects(root, *newest) {
        Ok(objects) => objects,
        Err(error) => return unreadable(CHECK, &error),
    };
    let (compacted, damaged) = match engine::compacted(root, *newest) {
        Ok(compacted) => (compacted, None),
        Err(error) => (None, Some(error)),
    };
    let damaged = objects.iter().filter_map(|object| object.read().err()).chain(damaged);
    let broken: Vec<String> = damaged.map(|error| error.chain()).collect();
    if broken.is_empty() {
        let compacted = compacted.map(|text| format!(", {text}")).unwrap_or_default();
        let (days, objects) = (days.len(), objects.len());
        return Finding::ok(
            CHECK,
            format!("{days} days, {objects} whole objects on {newest}{compacted}"),
        );
    }
    Finding::broken(
        CHECK,
        broken.join("; "),
        "put the file back from a backup, or move it away; the rows of its quotes are not touched",
    )
}

fn quarantine(root: &Path) -> Finding {
    const CHECK: &str = "quarantine";
    let days = lake::days(root).unwrap_or_default();
    let objects: usize =
        days.iter().filter_map(|day| lake::objects(root, *day).ok()).map(|o| o.len()).sum();
    if objects == 0 {
        return Finding::ok(CHECK, "empty");
    }
    Finding::warning(
        CHECK,
        format!("{objects} objects of records that could not be read"),
        format!(
            "each line has the reason; after a fix: stockflow redrive {} --dry-run",
            root.display()
        ),
    )
}

#[cfg(test)]
mod tests {
    use stockflow_core::Error;

    use super::*;

    #[test]
    fn a_disk_that_refuses_is_not_taken_for_a_program_that_runs() {
        let error = || Error::new(ErrorKind::Denied, "spool", "examine");
        assert!(is_in_use(&error().with_source("another process is using it")));
        assert!(!is_in_use(&error().with_source(io::Error::from(io::ErrorKind::PermissionDenied))));
    }
}
