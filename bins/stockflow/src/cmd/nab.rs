//! `stockflow nab`: detectors on the Numenta Anomaly Benchmark.

use std::{
    io::{self, Write},
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::Args;
use stockflow_local::nab::{Corpus, DETECTORS, Detections, NabDetector, detector, scorer::Outcome};

use crate::{
    Failure, Outcome as CommandOutcome,
    output::{self, Cell, Column, Format, Printer},
};

/// Score detectors on the Numenta Anomaly Benchmark
///
/// Each detector sees each series once, value by value: no label, nothing of what is still to come, no range, no length, and
/// no parameter of its own for any of them. One threshold for the whole corpus is then chosen for each profile of costs, as the
/// benchmark's rule says.
#[derive(Args, Debug)]
#[command(after_help = "Example: stockflow nab NAB --detector windowed_gaussian --out results\n\
                        The benchmark: git clone https://github.com/numenta/NAB")]
pub struct Nab {
    /// Folder of the benchmark, with `data/`, `labels/` and `config/`
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// Detectors to score; all that there are if none is named
    #[arg(long = "detector", value_name = "NAME")]
    pub detectors: Vec<String>,
    /// Score results that are there, one folder a detector, in place of running it
    #[arg(long, value_name = "DIR", requires = "detectors", conflicts_with = "out")]
    pub results: Option<PathBuf>,
    /// Write results as the official scorer reads them to this folder
    #[arg(long, value_name = "DIR")]
    pub out: Option<PathBuf>,
    /// Say what the thresholds give on each series
    #[arg(long)]
    pub by_series: bool,
    /// Form of the answer
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

impl Nab {
    pub(crate) fn execute(&self) -> CommandOutcome {
        let runs = self.runs()?;
        let corpus = Corpus::read(&self.folder)?;
        let columns = if self.by_series { series_columns() } else { columns() };
        let out = io::stdout().lock();
        let mut printer = Printer::new(out, self.format, columns, output::terminal_width());
        for run in runs {
            let (detections, took) = self.detections(&corpus, run)?;
            if let Some(folder) = &self.out {
                detections.write(&corpus, folder)?;
            }
            if self.by_series {
                print_series(&mut printer, &corpus, &detections)?;
            } else {
                print(&mut printer, &corpus, &detections, took)?;
            }
        }
        printer.finish()?;
        Ok(())
    }

    /// Which detectors, by name or by constructor.
    fn runs(&self) -> Result<Vec<Run<'_>>, Failure> {
        if self.results.is_some() {
            return Ok(self.detectors.iter().map(|name| Run::Read(name)).collect());
        }
        if self.detectors.is_empty() {
            return Ok(DETECTORS.iter().map(Run::New).collect());
        }
        let known = |name| detector(name).map(Run::New).ok_or_else(|| unknown(name));
        self.detectors.iter().map(|name| known(name)).collect()
    }

    fn detections(
        &self,
        corpus: &Corpus,
        run: Run<'_>,
    ) -> Result<(Detections, Option<Duration>), Failure> {
        match (run, &self.results) {
            (Run::Read(name), Some(folder)) => Ok((Detections::read(corpus, folder, name)?, None)),
            (Run::Read(name), None) => Err(unknown(name)),
            (Run::New(entry), _) => {
                let start = Instant::now();
                let detections = Detections::of(corpus, entry);
                Ok((detections, Some(start.elapsed())))
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Run<'a> {
    /// Of results that are there.
    Read(&'a str),
    New(&'static NabDetector),
}

fn unknown(name: &str) -> Failure {
    let names: Vec<&str> = DETECTORS.iter().map(|entry| entry.name).collect();
    Failure::usage(format!("no detector {name:?} to run; there are: {}", names.join(", ")))
}

fn columns() -> Vec<Column> {
    let texts = ["detector", "profile"].map(Column::text);
    let numbers =
        ["score", "threshold", "raw", "found", "windows", "false_alarms", "microseconds_a_row"];
    texts.into_iter().chain(numbers.map(Column::number)).collect()
}

fn print(
    printer: &mut Printer<impl Write>,
    corpus: &Corpus,
    detections: &Detections,
    took: Option<Duration>,
) -> io::Result<()> {
    let pace = took.map_or(Cell::Null, |took| {
        Cell::Number(format!("{:.2}", took.as_secs_f64() * 1e6 / corpus.rows() as f64))
    });
    for profile in &corpus.profiles {
        let best = detections.optimise(corpus, profile);
        let score = corpus.normalise(profile, best.outcome.raw);
        let mut cells = vec![
            Cell::text(&detections.detector),
            Cell::text(&profile.name),
            Cell::Number(format!("{score:.2}")),
            threshold(best.threshold),
        ];
        cells.extend(tally(best.outcome));
        cells.push(pace.clone());
        printer.row(cells)?;
    }
    Ok(())
}

fn series_columns() -> Vec<Column> {
    let texts = ["detector", "profile", "series"].map(Column::text);
    let numbers = ["rows", "raw", "found", "windows", "false_alarms"].map(Column::number);
    texts.into_iter().chain(numbers).collect()
}

fn print_series(
    printer: &mut Printer<impl Write>,
    corpus: &Corpus,
    detections: &Detections,
) -> io::Result<()> {
    for profile in &corpus.profiles {
        let threshold = detections.optimise(corpus, profile).threshold;
        let outcomes = detections.outcomes(corpus, profile, threshold);
        for (series, outcome) in corpus.series.iter().zip(outcomes) {
            let mut cells = vec![
                Cell::text(&detections.detector),
                Cell::text(&profile.name),
                Cell::text(&series.path),
                Cell::number(series.values.len()),
            ];
            cells.extend(tally(outcome));
            printer.row(cells)?;
        }
    }
    Ok(())
}

fn tally(outcome: Outcome) -> [Cell; 4] {
    [
        Cell::Number(format!("{:.2}", outcome.raw)),
        Cell::number(outcome.found),
        Cell::number(outcome.windows),
        Cell::number(outcome.false_alarms),
    ]
}

/// `NULL` where it is best to tell nothing.
fn threshold(threshold: f64) -> Cell {
    if threshold.is_finite() { Cell::number(threshold) } else { Cell::Null }
}
