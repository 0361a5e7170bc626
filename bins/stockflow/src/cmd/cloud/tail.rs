//! `stockflow tail`: the stream is read.

mod unread;

use std::{
    io::{self, Write},
    pin::pin,
};

use aws_sdk_kinesis::Client;
use stockflow_aws::kinesis::{KinesisReader, ShardBatch, Start};
use stockflow_core::{Quote, StreamRecord, wire};
use tokio::runtime::Runtime;

use super::super::{
    signals,
    tail::{Tail, TailFormat},
};
use crate::{Outcome, aws::sdk_config};

pub(in crate::cmd) fn tail(command: &Tail) -> Outcome {
    Runtime::new()?.block_on(follow(command))
}

async fn follow(command: &Tail) -> Outcome {
    let client = Client::new(&sdk_config().await?);
    let start = command.since.map_or(Start::Latest, Start::At);
    let mut reader = KinesisReader::new(&client, &command.stream)?.with_start(start);
    if command.to_the_tip {
        reader = reader.to_the_tip();
    }
    let mut lines = Lines { command, out: io::stdout(), printed: 0 };
    lines.heading()?;
    // Made once, and looked at first: what is asked while a batch is printed is then seen after it.
    let mut stop = pin!(signals::next());
    let mut unread = pin!(unread::stdout());
    loop {
        let batch = tokio::select! {
            biased;
            () = &mut stop => return Ok(()),
            () = &mut unread => return Ok(()),
            batch = reader.next_batch() => batch?,
        };
        let Some(batch) = batch else { return Ok(()) };
        if lines.print(batch)? {
            return Ok(());
        }
    }
}

/// Quotes as lines.
struct Lines<'a, W> {
    command: &'a Tail,
    out: W,
    printed: u64,
}

impl<W: Write> Lines<'_, W> {
    fn heading(&mut self) -> io::Result<()> {
        if self.command.format == TailFormat::Table {
            let [time, symbol] = ["timestamp", "symbol"];
            writeln!(
                self.out,
                "{time:<27}  {symbol:<10} {:>14} {:>9} {:>15}",
                "price", "change_%", "volume"
            )?;
        }
        self.out.flush()
    }

    /// Prints what is wanted of a batch, and says whether that was all.
    fn print(&mut self, batch: ShardBatch) -> io::Result<bool> {
        for record in batch.records.records {
            match wire::decode(&record.data) {
                Ok(decoded) if self.is_wanted(&decoded.quote) => self.quote(&decoded.quote)?,
                Ok(_) => {}
                Err(error) => unreadable(&batch.records.shard, &record, &error.to_string())?,
            }
            if Some(self.printed) == self.command.number {
                self.out.flush()?;
                return Ok(true);
            }
        }
        self.out.flush()?;
        Ok(false)
    }

    fn is_wanted(&self, quote: &Quote) -> bool {
        self.command.symbol.is_none_or(|symbol| symbol == quote.symbol)
    }

    fn quote(&mut self, quote: &Quote) -> io::Result<()> {
        self.printed += 1;
        if self.command.format == TailFormat::Json {
            let mut line = Vec::new();
            wire::encode(quote, &mut line);
            line.push(b'\n');
            return self.out.write_all(&line);
        }
        writeln!(
            self.out,
            "{:<27}  {:<10} {:>14} {:>9.2} {:>15}",
            quote.timestamp.to_string(),
            quote.symbol.to_string(),
            quote.price.to_string(),
            quote.change_percent(),
            quote.volume.to_string(),
        )
    }
}

/// What the quarantine would get, told beside the quotes.
fn unreadable(shard: &str, record: &StreamRecord, why: &str) -> io::Result<()> {
    writeln!(io::stderr(), "unreadable: {shard}/{}: {why}", record.position)
}
