//! How the benchmark scores detections.

use std::ops::RangeInclusive;

/// Share of a series that a detector may learn from before it is scored.
const PROBATION: f64 = 0.15;
/// Rows beyond which a longer series gives no longer probation.
const PROBATION_ROWS: f64 = 5_000.0;

/// What a detection, a false alarm and a missed window are worth to somebody.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// As in the benchmark's files, `standard` for one.
    pub name: String,
    /// Paid for a detection at the start of a window.
    pub true_positive: f64,
    /// Charged for a row that is told far from any window.
    pub false_positive: f64,
    /// Charged for a window in which nothing is told.
    pub false_negative: f64,
}

impl Profile {
    /// `raw` on a scale on which telling nothing is 0, and telling exactly the first row of each of `windows` is 100.
    #[must_use]
    pub fn normalise(&self, raw: f64, windows: usize) -> f64 {
        let nothing = -self.false_negative * windows as f64;
        let perfect = self.true_positive * windows as f64;
        100.0 * (raw - nothing) / (perfect - nothing)
    }
}

/// Anomaly scores of a series, with its windows as ranges of rows in ascending order.
#[derive(Clone, Copy, Debug)]
pub struct Scored<'a> {
    /// One for each row, larger for what is less usual.
    pub scores: &'a [f64],
    /// In which a detection is right.
    pub windows: &'a [RangeInclusive<usize>],
}

/// What a threshold gives.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Outcome {
    /// Sum of what was paid and charged.
    pub raw: f64,
    /// Windows that can be found, which are those not wholly within the probation.
    pub windows: usize,
    /// Windows in which something is told.
    pub found: usize,
    /// Rows told outside of all windows.
    pub false_alarms: usize,
}

/// The best threshold of a detector, and what it gives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Optimum {
    /// A row is told if its score is this or more; infinite if it is best to tell nothing.
    pub threshold: f64,
    /// Over all series.
    pub outcome: Outcome,
}

/// How many rows at the start of a series of `rows` are not scored.
#[must_use]
pub fn probation(rows: usize) -> usize {
    // In floating point, as the official scorer has it, so that no row is lost to another rounding.
    (PROBATION * rows as f64).floor().min(PROBATION * PROBATION_ROWS) as usize
}

/// One threshold for all `series`: the highest of those that give the largest raw score.
#[must_use]
pub fn optimise(profile: &Profile, series: &[Scored<'_>]) -> Optimum {
    let mut ledger = Ledger::new(profile);
    let mut rows: Vec<Row> = series.iter().flat_map(|one| ledger.enter(profile, *one)).collect();
    rows.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut best = Optimum { threshold: f64::INFINITY, outcome: ledger.outcome };
    for told in rows.chunk_by(|a, b| a.score == b.score) {
        told.iter().for_each(|row| ledger.tell(row));
        if ledger.outcome.raw > best.outcome.raw {
            best = Optimum { threshold: told[0].score, outcome: ledger.outcome };
        }
    }
    best
}

/// What `threshold` gives on one series.
#[must_use]
pub fn score(profile: &Profile, series: Scored<'_>, threshold: f64) -> Outcome {
    let mut ledger = Ledger::new(profile);
    for row in ledger.enter(profile, series) {
        if row.score >= threshold {
            ledger.tell(&row);
        }
    }
    ledger.outcome
}

/// A row that counts.
struct Row {
    score: f64,
    /// What telling it pays, negative if it charges.
    worth: f64,
    /// Number of its window in the ledger.
    window: Option<usize>,
}

/// What has been told so far.
struct Ledger {
    false_negative: f64,
    outcome: Outcome,
    /// The best worth told in each window.
    told: Vec<Option<f64>>,
}

impl Ledger {
    fn new(profile: &Profile) -> Self {
        let false_negative = profile.false_negative;
        Self { false_negative, outcome: Outcome::default(), told: Vec::new() }
    }

    /// The rows of a series that count; each of its windows is missed until a row in it is told.
    fn enter(&mut self, profile: &Profile, series: Scored<'_>) -> Vec<Row> {
        let probation = probation(series.scores.len());
        let first = self.told.len();
        let mut windows = series.windows.iter().enumerate().peekable();
        let mut before = None;
        let rows = series.scores.iter().enumerate().map(|(at, &score)| {
            while let Some((_, window)) = windows.next_if(|(_, window)| *window.end() < at) {
                before = Some(window);
            }
            match windows.peek().filter(|(_, window)| window.contains(&at)) {
                Some((number, window)) => {
                    let worth = profile.true_positive * promptness(at, window);
                    Row { score, worth, window: Some(first + number) }
                }
                None => {
                    let worth = -profile.false_positive * before.map_or(1.0, |it| distance(at, it));
                    Row { score, worth, window: None }
                }
            }
        });
        let rows: Vec<Row> = rows.skip(probation).collect();
        self.told.resize(first + series.windows.len(), None);
        let missed = series.windows.iter().filter(|window| *window.end() >= probation).count();
        self.outcome.windows += missed;
        self.outcome.raw -= self.false_negative * missed as f64;
        rows
    }

    fn tell(&mut self, row: &Row) {
        let Some(window) = row.window else {
            self.outcome.false_alarms += 1;
            self.outcome.raw += row.worth;
            return;
        };
        let told = &mut self.told[window];
        if told.is_none() {
            self.outcome.found += 1;
        }
        let so_far = told.unwrap_or(-self.false_negative);
        if row.worth > so_far {
            self.outcome.raw += row.worth - so_far;
            *told = Some(row.worth);
        } else if told.is_none() {
            *told = Some(so_far);
        }
    }
}

/// 1 at the start of `window`, nearly 0 at its end.
fn promptness(at: usize, window: &RangeInclusive<usize>) -> f64 {
    let rows = (window.end() - window.start() + 1) as f64;
    let left = (window.end() - at + 1) as f64;
    scaled_sigmoid(-left / rows) / scaled_sigmoid(-1.0)
}

/// Nearly 0 just after `window`, 1 far behind it: a late detection is a smaller nuisance.
fn distance(at: usize, window: &RangeInclusive<usize>) -> f64 {
    let past = (at - window.end()) as f64 / (window.end() - window.start()) as f64;
    if past > 3.0 { 1.0 } else { -scaled_sigmoid(past) }
}

/// From 1 far before 0 to -1 far after it.
fn scaled_sigmoid(position: f64) -> f64 {
    2.0 / (1.0 + (5.0 * position).exp()) - 1.0
}

#[cfg(test)]
mod tests;
