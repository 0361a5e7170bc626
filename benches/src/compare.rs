//! Ratios that hold on a busy machine: all contestants in turn, many times, the best CPU time of each.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

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
    /// CPU time of an item in nanoseconds, in the best round.
    pub nanos: f64,
    /// Times the first contestant's.
    pub ratio: f64,
}

/// Runs all contestants in turn, `rounds` times, on this thread, and prints for each the CPU time of an item in its best round,
/// and the ratio to the first one's.
#[allow(clippy::print_stdout, reason = "that is what a bench is for")]
pub fn compare(
    title: &str,
    items: usize,
    rounds: usize,
    mut contestants: Vec<Contestant<'_>>,
) -> Vec<Standing> {
    let mut best = vec![Duration::MAX; contestants.len()];
    for _ in 0..rounds {
        for (contestant, best) in contestants.iter_mut().zip(&mut best) {
            let start = cpu_time();
            std::hint::black_box((contestant.run)());
            *best = cpu_time().saturating_sub(start).min(*best);
        }
    }
    let nanos: Vec<f64> = best.iter().map(|t| t.as_nanos() as f64 / items as f64).collect();
    let standing = |(contestant, &time): (&Contestant<'_>, &f64)| Standing {
        name: contestant.name,
        nanos: time,
        ratio: time / nanos[0],
    };
    let standings: Vec<Standing> = contestants.iter().zip(&nanos).map(standing).collect();
    println!("\n{title} ({items} items, CPU time of one in the best of {rounds} rounds)");
    for Standing { name, nanos, ratio } in &standings {
        println!("  {name:<52} {nanos:>9.1} ns  {ratio:>7.2} x");
    }
    standings
}

/// CPU time of this thread so far.
fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}
