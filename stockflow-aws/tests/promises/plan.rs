//! What a history is made of: the same plan gives the same history.

use std::{fmt, str::FromStr};

use crate::dice::Dice;

/// Numbers with names, so that a plan can be printed, read, and made simpler number by number.
macro_rules! plan {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Plan { $($(#[$doc])* pub $name: u64,)* }

        impl Plan {
            const NAMES: &'static [&'static str] = &[$(stringify!($name)),*];

            fn numbers(&mut self) -> Vec<&mut u64> {
                vec![$(&mut self.$name),*]
            }
        }
    };
}

plan! {
    /// Of everything that is left to chance.
    seed,
    /// Quotes of the stream, before what follows is added.
    quotes,
    /// Symbols, 1 to 5.
    symbols,
    /// Quotes that the stream has twice, in percent.
    duplicates,
    /// Records that nobody can read, per mille.
    poison,
    /// Quotes from about five minutes in the future, or from much later, in percent.
    future,
    /// A fifth of all quotes is delayed by up to so many places.
    reorder,
    /// Records that hold several quotes, aggregated or compressed, in percent.
    packed,
    /// Milliseconds between two records; 0: all at once.
    gap,
    /// 0: rules with a short memory; 1: the default set too.
    rules,

    /// Shards of the stream.
    shards,
    /// Batches of a shard that are handled side by side, in both mappings.
    factor,
    /// Most records of a batch.
    batch,
    /// New batches that are cut at a random place, in percent.
    cut,
    /// Batches that come again although they were done, in percent.
    redelivered,
    /// Invocations whose response gets lost, in percent.
    unheard,
    /// Invocations before which warm containers are thrown away, in percent.
    recycled,
    /// 1: failed batches are split.
    bisect,
    /// 0: retries for ever; otherwise one more than a batch has.
    retries,
    /// Seconds after which records are given up; 0: never.
    age,
    /// 1: functions believe that they have more time than they have, and are killed in the middle of their work.
    killed,

    /// Shards of the table's change feed.
    feed_shards,
    /// Most changes of a batch.
    feed_batch,
    /// A change is in the feed at most so many milliseconds after it was made.
    feed_delay,
    /// As `retries`.
    feed_retries,

    /// Calls of backends that go wrong, in percent.
    calls,
    /// No more than so many go wrong.
    budget,
    /// Most milliseconds that a call takes before it reaches its backend, and after.
    latency,
    /// The one call that goes wrong, counted from 1; 0: none but those by chance.
    blow,
    /// How that one goes wrong.
    blow_kind,
}

impl Plan {
    /// One of all that there can be.
    pub fn random(seed: u64) -> Self {
        let mut dice = Dice(seed ^ 0x0072_0150);
        let mut plan = Self { seed, symbols: 1 + dice.below(5), ..Self::default() };
        // Many small ones, and some that are larger than anything that is looked back on.
        plan.quotes = match dice.below(1_000) {
            0..700 => 1 + dice.below(8),
            700..917 => 9 + dice.below(16),
            917..987 => 25 + dice.below(60),
            987..999 => 100 + dice.below(250),
            _ => 1_000 + dice.below(1_000),
        };
        plan.duplicates = dice.one_of(&[0, 5, 30]);
        plan.poison = dice.one_of(&[0, 0, 1, 10, 100, 500, 1_000]);
        plan.future = dice.one_of(&[0, 0, 3, 20]);
        plan.reorder = dice.one_of(&[0, 3, 20, 1_000]);
        plan.packed = dice.one_of(&[0, 0, 0, 20]);
        plan.gap = dice.one_of(&[0, 20, 300, 1_000]);
        plan.rules = u64::from(dice.percent(4));
        plan.mapping(&mut dice);
        plan.calls = dice.one_of(&[0, 1, 3, 8, 20]);
        plan.budget = 1 + dice.below(5 + plan.quotes.min(200));
        plan.latency = dice.one_of(&[0, 0, 3, 40]);
        plan
    }

    fn mapping(&mut self, dice: &mut Dice) {
        self.shards = dice.one_of(&[1, 1, 2, 3]);
        self.factor = dice.one_of(&[1, 1, 2, 4]);
        self.batch = if dice.percent(30) { 1 + dice.below(3) } else { 2 + dice.below(60) };
        if self.quotes > 400 {
            self.batch += dice.below(400);
        }
        self.cut = dice.one_of(&[0, 30, 100]);
        self.redelivered = dice.one_of(&[0, 0, 10, 40]);
        self.unheard = dice.one_of(&[0, 0, 5, 20]);
        self.recycled = dice.one_of(&[0, 0, 10, 50]);
        self.bisect = dice.below(2);
        self.retries = if dice.percent(25) { 1 + dice.below(3) } else { 0 };
        self.age = if dice.percent(10) { 60 + dice.below(200) } else { 0 };
        self.killed = u64::from(dice.percent(20));
        self.feed_shards = dice.one_of(&[1, 1, 3]);
        self.feed_batch = 1 + dice.below(20);
        self.feed_delay = dice.one_of(&[0, 200, 3_000, 120_000]);
        self.feed_retries = if dice.percent(15) { 1 + dice.below(3) } else { 0 };
    }

    /// Without anything that goes wrong.
    pub fn calm(seed: u64, quotes: u64) -> Self {
        let (symbols, batch) = (2, 8);
        let ones = Self { shards: 1, factor: 1, feed_shards: 1, feed_batch: 8, ..Self::default() };
        Self { seed, quotes, symbols, batch, bisect: seed % 2, gap: 300, budget: 1, ..ones }
    }

    /// Plans that are a little simpler, the simplest first.
    pub fn simpler(&self) -> Vec<Self> {
        let mut plans = Vec::new();
        for index in 1..Self::NAMES.len() {
            let number = *self.clone().numbers()[index];
            let least = match Self::NAMES[index] {
                "quotes" | "symbols" | "shards" | "factor" | "batch" | "feed_shards"
                | "feed_batch" => 1,
                "blow" | "blow_kind" => continue,
                _ => 0,
            };
            for simple in [least, number / 2, number.saturating_sub(1)] {
                if (least..number).contains(&simple) {
                    let mut plan = self.clone();
                    *plan.numbers()[index] = simple;
                    plans.push(plan);
                }
            }
        }
        plans.dedup();
        plans
    }
}

/// `seed=7 quotes=20 …`, without what is 0.
impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut plan = self.clone();
        let named = Self::NAMES.iter().zip(plan.numbers());
        let words: Vec<String> = named
            .filter(|(name, number)| **name == "seed" || **number > 0)
            .map(|(name, number)| format!("{name}={number}"))
            .collect();
        f.write_str(&words.join(" "))
    }
}

impl FromStr for Plan {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut plan = Self::default();
        for word in text.split_whitespace() {
            let (name, number) = word.split_once('=').ok_or(format!("{word} is no name=number"))?;
            let index = Self::NAMES.iter().position(|n| *n == name).ok_or(format!("no {name}"))?;
            *plan.numbers()[index] = number.parse().map_err(|e| format!("{word}: {e}"))?;
        }
        Ok(plan)
    }
}
