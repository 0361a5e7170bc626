//! Fills a pipeline with the quotes of a CSV file, and shows that doing it twice changes nothing.
//!
//! `cargo run -p stockflow-examples --example backfill_csv [FILE.csv[.gz|.zst]] [DATA FOLDER]`
//!
//! Without arguments it takes a simulated morning of two symbols, and a data folder that is gone afterwards.
//! One line of that file is malformed, on purpose.

use std::{error::Error, fs, future::pending, io::stdout, path::PathBuf, sync::Arc};

use stockflow_core::Rules;
use stockflow_local::{Pipeline, Replay, ReplayOptions, Summary, alerter::ConsoleAlerter, lake};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1).map(PathBuf::from);
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/data/morning.csv");
    let file = arguments.next().unwrap_or_else(|| sample.into());
    let scratch = tempfile::tempdir()?;
    let data = arguments.next().unwrap_or_else(|| scratch.path().into());

    let mut pipeline = Pipeline::open(&data, Rules::default_set())?
        .with_alerter(Arc::new(ConsoleAlerter::new(stdout())));

    let first = fill(&mut pipeline, &file).await?;
    println!("\nfirst time:  {}", told(&first));
    // What could not be read is kept, with the line and the reason.
    let quarantine = data.join("quarantine");
    for day in lake::days(&quarantine)? {
        for object in lake::objects(&quarantine, day)? {
            print!("quarantined: {}", String::from_utf8_lossy(&object.read()?));
        }
    }

    // The file is known by its content: under another name it is still the same one.
    let copy = scratch.path().join("copy");
    fs::copy(&file, &copy)?;
    let second = fill(&mut pipeline, &copy).await?;
    println!("second time: {}", told(&second));
    assert_eq!((second.quotes, second.alerts), (0, 0));
    Ok(())
}

async fn fill(pipeline: &mut Pipeline, file: &PathBuf) -> Result<Summary, Box<dyn Error>> {
    // The cursors say how far this file was read before; they are stored together with what was read.
    let replay = Replay::open([file], ReplayOptions::default(), &pipeline.cursors())?;
    Ok(pipeline.run(Box::new(replay), pending()).await?)
}

fn told(summary: &Summary) -> String {
    let Summary { quotes, quarantined, rows, alerts, .. } = summary;
    format!("{quotes} quotes read, {quarantined} malformed, {rows} rows stored, {alerts} alerts")
}
