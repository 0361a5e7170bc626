//! Ratios that hold on a busy machine: all contestants in turn, many times, medians.

use std::time::{Duration, Instant};

/// One way to do the job: its name and the job over all items, which answers something that depends on them.
pub struct Contestant<'a> {
    name: &'static str,
    run: Box<dyn FnMut() -> u64 + 'a>,
}

impl std::fmt::Debug for Contestant<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contestant").field("name", &self.name).finish_non_exhaustive()
    }
}

impl<'a> Contestant<'a> {
    /// `run` does the whole job once.
    pub fn new(name: &'static str, run: impl FnMut() -> u64 + 'a) -> Self {
        Self { name, run: Box::new(run) }
    }
}

/// Time of a contestant and how it relates to the first one's.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Its name.
    pub name: &'static str,
    /// Median nanoseconds for an item.
    pub nanos: f64,
    /// Times the first contestant's median.
    pub ratio: f64,
}

/// Runs all contestants in turn, `rounds` times, and prints the median time of an item and its ratio to the first one's.
#[allow(clippy::print_stdout, reason = "that is what a bench is for")]
pub fn compare(
    title: &str,
    items: usize,
    rounds: usize,
    mut contestants: Vec<Contestant<'_>>,
) -> Vec<Standing> {
    let mut times: Vec<Vec<Duration>> = vec![Vec::with_capacity(rounds); contestants.len()];
    for _ in 0..rounds {
        for (contestant, times) in contestants.iter_mut().zip(&mut times) {
            let start = Instant::now();
            std::hint::black_box((contestant.run)());
            times.push(start.elapsed());
        }
    }
    let nanos = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        times[times.len() / 2].as_nanos() as f64 / items as f64
    };
    let medians: Vec<f64> = times.iter_mut().map(nanos).collect();
    let standing = |(contestant, &nanos): (&Contestant<'_>, &f64)| Standing {
        name: contestant.name,
        nanos,
        ratio: nanos / medians[0],
    };
    let standings: Vec<Standing> = contestants.iter().zip(&medians).map(standing).collect();
    println!("\n{title} ({items} items, medians of {rounds} rounds in turn)");
    for Standing { name, nanos, ratio } in &standings {
        println!("  {name:<52} {nanos:>9.1} ns  {ratio:>7.2} x");
    }
    standings
}
