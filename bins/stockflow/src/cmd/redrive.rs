//! `stockflow redrive`: what could not be read, or was given up, through stage 1 again.

pub mod records;

use std::{
    io::{self, Write},
    path::Path,
};

use clap::Args;
use stockflow_core::{Quote, wire};
use stockflow_local::lake;

use self::records::{Found, Object};
use crate::{Failure, Outcome, fail::note};

/// Send what was quarantined or given up through stage 1 again, after a fix
///
/// Reads a quarantine (a folder, or s3://BUCKET/quarantine) or what Lambda kept of batches that it gave up (s3://BUCKET/aws/lambda), and puts the quotes
/// that can be read now on the stream: never beside it, so that stage 1 judges them as any others. What was sent is noted beside the objects
/// (s3://BUCKET/redriven/), and is not sent again; a quote that comes twice all the same changes no row and no alert.
#[derive(Args, Debug)]
#[command(
    after_help = "Example: stockflow redrive s3://stock-market-quarantine-123456789012/aws/lambda --dry-run\n         \
                        stockflow redrive ./stockflow-data/quarantine --dry-run > fixed.ndjson && stockflow run --replay fixed.ndjson"
)]
pub struct Redrive {
    /// A folder, or s3://BUCKET/PREFIX
    #[arg(value_name = "FROM")]
    pub from: String,
    /// The stream that the quotes go on
    #[arg(long, value_name = "NAME", default_value = "stock-market-stream")]
    pub stream: String,
    /// Send nothing, note nothing: print the quotes that would be sent, a JSON object a line
    #[arg(long)]
    pub dry_run: bool,
    /// Also what is noted as sent
    #[arg(long)]
    pub again: bool,
}

impl Redrive {
    pub(crate) fn execute(&self) -> Outcome {
        if self.from.starts_with("s3://") {
            return super::cloud::redrive(self);
        }
        if !self.dry_run {
            return Err(Failure::usage(
                "a folder has no stream beside it: add --dry-run, and give what it prints to `stockflow run --replay`",
            ));
        }
        let mut tally = Tally::default();
        let mut out = io::BufWriter::new(io::stdout().lock());
        let root = Path::new(&self.from);
        for day in lake::days(root)? {
            for object in lake::objects(root, day)? {
                let name = object.path().display().to_string();
                let lines = object.read().map_err(|error| error.chain());
                match lines.and_then(|lines| Object::read(&lines)) {
                    Ok(found) => {
                        tally.add(&name, &found);
                        print(&mut out, found.quotes.iter().map(|(_, quote)| quote))?;
                    }
                    Err(why) => tally.refuse(&name, &why),
                }
            }
        }
        out.flush()?;
        tally.tell("would be sent")
    }
}

/// Prints quotes in the wire format.
pub(crate) fn print<'a>(
    out: &mut impl Write,
    quotes: impl Iterator<Item = &'a Quote>,
) -> io::Result<()> {
    let mut line = Vec::new();
    for quote in quotes {
        line.clear();
        wire::encode(quote, &mut line);
        line.push(b'\n');
        out.write_all(&line)?;
    }
    Ok(())
}

/// What was found in all objects.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) objects: u64,
    pub(crate) quotes: u64,
    pub(crate) unreadable: u64,
    pub(crate) noted: u64,
    /// Objects that are of no form that is known: they hold up no other.
    refused: u64,
}

impl Tally {
    /// Counts an object, and tells what of it cannot be read.
    pub(crate) fn add(&mut self, name: &str, found: &Found) {
        self.objects += 1;
        self.quotes += found.quotes.len() as u64;
        self.unreadable += found.unreadable.len() as u64;
        for (index, why) in &found.unreadable {
            note(format_args!("left: {name}, record {index}: {why}"));
        }
    }

    /// Tells that of an object nothing can be read, and why.
    pub(crate) fn refuse(&mut self, name: &str, why: &str) {
        self.refused += 1;
        note(format_args!("left: {name}: {why}"));
    }

    /// Tells the sums on standard error.
    ///
    /// # Errors
    /// There are objects of which nothing could be read.
    pub(crate) fn tell(&self, what: &str) -> Outcome {
        let Self { objects, quotes, unreadable, noted, refused } = self;
        note(format_args!(
            "{objects} objects: {quotes} quotes {what}, {unreadable} records left that cannot be read, {noted} sent before"
        ));
        if *refused > 0 {
            return Err(Failure::failed(format!("{refused} objects cannot be read, see above")));
        }
        Ok(())
    }
}
