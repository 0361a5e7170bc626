//! Counts by symbol, day and rule.

use std::collections::{BTreeMap, HashMap};

use stockflow_core::{Alert, AlertKind, Date, Direction, Quote, RuleName, Symbol};

/// What was found and told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Anomalies and turns.
    pub findings: u64,
    /// Those that were told.
    pub alerts: u64,
    /// Of the alerts, by direction: up, down, flat.
    pub directions: [u64; 3],
}

impl Count {
    fn add(&mut self, alert: Option<&Alert>) {
        self.findings += 1;
        if let Some(alert) = alert {
            self.alerts += 1;
            self.directions[alert.evidence.direction as usize] += 1;
        }
    }

    /// Alerts of a direction.
    #[must_use]
    pub const fn of(&self, direction: Direction) -> u64 {
        self.directions[direction as usize]
    }
}

/// Counts of one rule on one day of a symbol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayRow {
    /// Whose quotes.
    pub symbol: Symbol,
    /// UTC date of the market time.
    pub day: Date,
    /// Anomaly or trend.
    pub kind: AlertKind,
    /// Which rule.
    pub rule: RuleName,
    /// How often.
    pub count: Count,
}

/// Counts of a backtest.
#[derive(Clone, Debug, Default)]
pub struct Tally {
    /// What could not be read as a quote.
    pub unreadable: u64,
    quotes: u64,
    late: u64,
    numbers: HashMap<Symbol, usize>,
    symbols: Vec<Seen>,
    counts: BTreeMap<(usize, Date, AlertKind, RuleName), Count>,
}

#[derive(Clone, Debug)]
struct Seen {
    symbol: Symbol,
    /// Quotes by day; the last is the one of the newest quote, but for late ones.
    days: Vec<(Date, u64)>,
}

impl Tally {
    /// Counts a quote; answers the number of its symbol, in the order of their first quotes.
    pub(super) fn quote(&mut self, quote: &Quote) -> usize {
        let (symbol, day) = (quote.symbol, quote.timestamp.date());
        let number = *self.numbers.entry(symbol).or_insert_with(|| {
            self.symbols.push(Seen { symbol, days: Vec::new() });
            self.symbols.len() - 1
        });
        self.quotes += 1;
        let days = &mut self.symbols[number].days;
        match days.last_mut() {
            Some((last, quotes)) if *last >= day => *quotes += 1,
            _ => days.push((day, 1)),
        }
        number
    }

    pub(super) const fn late(&mut self) {
        self.late += 1;
    }

    pub(super) fn finding(
        &mut self,
        symbol: usize,
        kind: AlertKind,
        rule: &RuleName,
        alert: Option<&Alert>,
    ) {
        // A late quote has no finding, so this is the day of the quote.
        let Some(&(day, _)) = self.symbols[symbol].days.last() else { return };
        self.counts.entry((symbol, day, kind, rule.clone())).or_default().add(alert);
    }

    /// Quotes read, late ones included.
    #[must_use]
    pub const fn quotes(&self) -> u64 {
        self.quotes
    }

    /// Quotes that came after a later one of their symbol, or twice: not judged.
    #[must_use]
    pub const fn late_quotes(&self) -> u64 {
        self.late
    }

    /// In the order of their first quotes.
    pub fn symbols(&self) -> impl Iterator<Item = Symbol> {
        self.symbols.iter().map(|seen| seen.symbol)
    }

    /// Days on which any symbol has quotes, in their order.
    #[must_use]
    pub fn days(&self) -> Vec<Date> {
        let mut days: Vec<Date> =
            self.symbols.iter().flat_map(|seen| seen.days.iter().map(|(day, _)| *day)).collect();
        days.sort_unstable();
        days.dedup();
        days
    }

    /// Days with quotes, summed up over all symbols.
    #[must_use]
    pub fn symbol_days(&self) -> u64 {
        self.symbols.iter().map(|seen| seen.days.len() as u64).sum()
    }

    /// Symbols with quotes on `day`.
    #[must_use]
    pub fn symbols_on(&self, day: Date) -> u64 {
        let has = |seen: &&Seen| seen.days.binary_search_by_key(&day, |(day, _)| *day).is_ok();
        self.symbols.iter().filter(has).count() as u64
    }

    /// Alerts for each symbol and day; 0 without any quote.
    #[must_use]
    pub fn alert_rate(&self) -> f64 {
        let alerts: u64 = self.counts.values().map(|count| count.alerts).sum();
        alerts as f64 / self.symbol_days().max(1) as f64
    }

    /// Counts of every rule that found something, by symbol, day, kind and rule.
    #[must_use]
    pub fn rows(&self) -> Vec<DayRow> {
        let row =
            |((symbol, day, kind, rule), count): (&(usize, Date, AlertKind, RuleName), &Count)| {
                let symbol = self.symbols[*symbol].symbol;
                DayRow { symbol, day: *day, kind: *kind, rule: rule.clone(), count: *count }
            };
        let mut rows: Vec<DayRow> = self.counts.iter().map(row).collect();
        rows.sort_by_key(|row| (row.symbol, row.day));
        rows
    }

    /// Counts of every rule that found something, over all symbols and days.
    #[must_use]
    pub fn by_rule(&self) -> BTreeMap<(AlertKind, RuleName), Count> {
        let mut rules: BTreeMap<_, Count> = BTreeMap::new();
        for ((_, _, kind, rule), count) in &self.counts {
            let sum = rules.entry((*kind, rule.clone())).or_default();
            sum.findings += count.findings;
            sum.alerts += count.alerts;
            for (sum, count) in sum.directions.iter_mut().zip(count.directions) {
                *sum += count;
            }
        }
        rules
    }
}
