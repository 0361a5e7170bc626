//! Trend detectors against the plain formulas, and against other people's indicators where those are right.
#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "common/series.rs"]
mod series;

use proptest::prelude::*;
use series::{quotes, signals, walk, waves};
use stockflow_core::{
    Direction, Evidence, TrendDetector, TrendSignal,
    trend::{
        Confirmation, DonchianBreakout, EmaCrossover, Macd, RegressionSlope, RsiLevel, RsiLevels,
        SmaCrossover,
    },
};
use ta::Next as _;
use yata::prelude::Method as _;

const ONE: f64 = 1e8;

fn turns(detector: &mut dyn TrendDetector, units: &[i64]) -> Vec<(usize, Evidence)> {
    let signals = signals(detector, &quotes(units)).into_iter().enumerate();
    signals
        .filter_map(|(at, signal)| match signal {
            TrendSignal::Turned(evidence) => Some((at, evidence)),
            _ => None,
        })
        .collect()
}

/// Where a sequence of differences changes its sign, zeros left out, and into which direction.
fn sign_changes(differences: impl IntoIterator<Item = f64>) -> Vec<(usize, Direction)> {
    let (mut last, mut changes) = (0.0, Vec::new());
    for (at, difference) in differences.into_iter().enumerate() {
        if difference * last < 0.0 {
            changes.push((at, if difference > 0.0 { Direction::Up } else { Direction::Down }));
        }
        last = if difference == 0.0 { last } else { difference };
    }
    changes
}

fn close(left: f64, right: f64, relative: f64) -> bool {
    (left - right).abs() <= relative * right.abs().max(1e-12)
}

/// Turns by reading the documentation aloud: everything anew for each quote, nothing kept.
fn naive_turns(
    strength: impl Fn(usize) -> Option<f64>,
    first: usize,
    len: usize,
    memory: usize,
) -> Vec<(usize, bool)> {
    let is_turn = |at: usize| {
        let now = strength(at)?;
        let reach = (first.max(at.saturating_sub(memory))..at).rev();
        let before = reach.filter_map(&strength).next()?;
        (before.signum() != now.signum()).then_some((at, now > 0.0))
    };
    (first..len).filter_map(is_turn).collect()
}

fn mean(units: &[i64]) -> f64 {
    units.iter().map(|u| *u as f64).sum::<f64>() / units.len() as f64
}

/// What the square of the band is multiplied by, from the times that [`series::quotes`] gives.
fn widening(at: usize, period: usize) -> f64 {
    let pause = |i: usize| 1.0 + (i as f64 * i as f64) % 19.0;
    let pauses: f64 = (at + 1 - period..=at).map(pause).sum();
    let rate = 60.0 * period as f64 / pauses;
    1.0 + rate.log2().floor() + (rate / 2_f64.powf(rate.log2().floor()) - 1.0)
}

/// Standard error of a weighted sum (of prices, newest first) for a walk with the root mean square of the last changes.
fn standard_error(weights: &[f64], units: &[i64], period: usize) -> f64 {
    let cumulated = weights.iter().scan(0.0, |sum, w| {
        *sum += w;
        Some(*sum * *sum)
    });
    let norm: f64 = cumulated.take(weights.len() - 1).sum();
    let last = &units[units.len() - period - 1..];
    let squares: f64 = last.windows(2).map(|p| ((p[1] - p[0]) as f64).powi(2)).sum();
    (norm * squares / period as f64).sqrt()
}

fn naive_sma(
    units: &[i64],
    [fast, slow]: [usize; 2],
    confirmation: Confirmation,
) -> Vec<(usize, bool)> {
    let Confirmation { smoothing, band, memory } = confirmation;
    let mut weights = vec![0.0; slow + smoothing - 1];
    for shift in 0..smoothing {
        (0..fast).for_each(|i| weights[shift + i] += 1.0 / (fast * smoothing) as f64);
        (0..slow).for_each(|i| weights[shift + i] -= 1.0 / (slow * smoothing) as f64);
    }
    let period = slow + smoothing - 2;
    let difference =
        |at: usize| mean(&units[at + 1 - fast..=at]) - mean(&units[at + 1 - slow..=at]);
    let strength = |at: usize| {
        let smoothed = (at + 1 - smoothing..=at).map(difference).sum::<f64>() / smoothing as f64;
        let error = standard_error(&weights, &units[..=at], period);
        let strength = smoothed / error;
        let apart = strength.abs() > band * widening(at, period).sqrt();
        (apart && difference(at) * smoothed > 0.0).then_some(strength)
    };
    naive_turns(strength, period, units.len(), memory)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn sma_crossover_agrees_with_the_plain_formula(
        seed in any::<u64>(),
        leg in 20_usize..120,
        fast in 1_usize..8,
        more in 1_usize..20,
        smoothing in 1_usize..40,
        band in 0.05_f64..2.0,
        memory in 1_usize..100,
    ) {
        let units = waves(seed, 700, leg);
        let confirmation = Confirmation { smoothing, band, memory };
        let mut detector = SmaCrossover::new(fast, fast + more, confirmation).unwrap();
        let ours: Vec<_> = turns(&mut detector, &units)
            .into_iter()
            .map(|(at, evidence)| (at, evidence.direction == Direction::Up))
            .collect();
        prop_assert_eq!(ours, naive_sma(&units, [fast, fast + more], confirmation));
    }

    #[test]
    fn raw_sma_crossover_is_the_change_of_sign_also_by_way_of_equal_averages(
        steps in prop::collection::vec(-1_i64..=1, 50..400),
    ) {
        // Steps of one unit: averages are often equal, and integers tell exactly when.
        let units: Vec<i64> = steps.iter().scan(1_000, |price, step| {
            *price += step;
            Some(*price)
        }).collect();
        let sum = |at: usize, n: usize| units[at + 1 - n..=at].iter().sum::<i64>() as f64;
        let differences =
            (0..units.len()).map(|at| if at < 5 { 0.0 } else { 3.0 * sum(at, 2) - sum(at, 6) });
        let mut detector =
            SmaCrossover::new(2, 6, Confirmation { memory: 400, ..Confirmation::RAW }).unwrap();
        let ours: Vec<_> = turns(&mut detector, &units)
            .into_iter()
            .map(|(at, evidence)| (at, evidence.direction))
            .collect();
        prop_assert_eq!(ours, sign_changes(differences));
    }

    #[test]
    fn averages_of_a_turn_are_those_of_ta(seed in any::<u64>()) {
        let units = walk(seed, 900, |_| 0.0);
        let mut sma = (
            ta::indicators::SimpleMovingAverage::new(5).unwrap(),
            ta::indicators::SimpleMovingAverage::new(20).unwrap(),
        );
        let mut ema = (
            ta::indicators::ExponentialMovingAverage::new(12).unwrap(),
            ta::indicators::ExponentialMovingAverage::new(26).unwrap(),
        );
        let prices = units.iter().map(|unit| *unit as f64 / ONE);
        let theirs: Vec<_> = prices
            .map(|p| [(sma.0.next(p), sma.1.next(p)), (ema.0.next(p), ema.1.next(p))])
            .collect();
        let mut ours = SmaCrossover::new(5, 20, Confirmation::RAW).unwrap();
        for (at, evidence) in turns(&mut ours, &units) {
            prop_assert!(close(evidence.value, theirs[at][0].0, 1e-9));
            prop_assert!(close(evidence.threshold, theirs[at][0].1, 1e-9));
        }
        let mut ours = EmaCrossover::new(12, 26, Confirmation::RAW).unwrap();
        let ours = turns(&mut ours, &units);
        for (at, evidence) in &ours {
            prop_assert!(close(evidence.value, theirs[*at][1].0, 1e-6));
            prop_assert!(close(evidence.threshold, theirs[*at][1].1, 1e-6));
        }
        let differences = theirs.iter().map(|t| t[1].0 - t[1].1);
        compare_crossings(&ours, &differences.collect::<Vec<_>>(), 8 * 26);
    }

    #[test]
    fn macd_is_that_of_ta(seed in any::<u64>()) {
        let units = walk(seed, 900, |_| 0.0);
        let mut ta = ta::indicators::MovingAverageConvergenceDivergence::new(12, 26, 9).unwrap();
        let theirs: Vec<_> = units.iter().map(|unit| ta.next(*unit as f64 / ONE)).collect();
        let mut ours = Macd::new([12, 26, 9], Confirmation::RAW).unwrap();
        let ours = turns(&mut ours, &units);
        for (at, evidence) in &ours {
            prop_assert!((evidence.value - theirs[*at].macd).abs() < 1e-4, "{evidence:?} {:?}", theirs[*at]);
            prop_assert!((evidence.threshold - theirs[*at].signal).abs() < 1e-4);
        }
        compare_crossings(&ours, &theirs.iter().map(|t| t.histogram).collect::<Vec<_>>(), 8 * 35);
    }

    #[test]
    fn rsi_of_a_turn_is_wilder_s_with_the_averages_of_yata(seed in any::<u64>()) {
        let units = walk(seed, 900, |_| 0.0);
        let mut rises = yata::methods::RMA::new(14, &0.0).unwrap();
        let mut falls = yata::methods::RMA::new(14, &0.0).unwrap();
        let changes = units.windows(2).map(|pair| (pair[1] - pair[0]) as f64);
        let theirs: Vec<f64> = changes
            .map(|c| (rises.next(&c.max(0.0)), falls.next(&(-c).max(0.0))))
            .map(|(up, down)| 100.0 * up / (up + down))
            .collect();
        let mut ours = RsiLevel::new(14, RsiLevels::default(), 100).unwrap();
        let ours = turns(&mut ours, &units);
        prop_assert!(!ours.is_empty());
        let (mut above, mut below) = (0, 0);
        for (at, Evidence { direction, value, threshold, .. }) in ours {
            prop_assert!((value - theirs[at - 1]).abs() < 0.1, "{value} {}", theirs[at - 1]);
            let down = direction == Direction::Down;
            prop_assert_eq!(threshold, if down { 65.0 } else { 35.0 });
            prop_assert_eq!(value < threshold, down);
            // Since the turn before there was a visit to the level.
            let since = if down { &mut above } else { &mut below };
            let visited = theirs[*since..at].iter().any(|r| if down { *r > 69.9 } else { *r < 30.1 });
            prop_assert!(visited);
            *since = at;
        }
    }

    #[test]
    fn regression_slope_is_that_of_least_squares(
        seed in any::<u64>(),
        period in 3_usize..80,
        leg in 20_usize..120,
    ) {
        let units = waves(seed, 600, leg);
        let mut detector = RegressionSlope::new(period, 0.0, 200).unwrap();
        let slope = |at: usize| {
            let window = &units[at + 1 - period..=at];
            let (middle, level) = ((period - 1) as f64 / 2.0, mean(window));
            let terms = window.iter().enumerate().map(|(i, u)| (i as f64 - middle, *u as f64 - level));
            let (xy, xx) = terms.fold((0.0, 0.0), |(xy, xx), (x, y)| (xy + x * y, xx + x * x));
            xy / xx
        };
        let slopes: Vec<f64> =
            (0..units.len()).map(|at| if at + 1 < period { 0.0 } else { slope(at) }).collect();
        let ours = turns(&mut detector, &units);
        for (at, evidence) in &ours {
            let percent = 100.0 * slopes[*at] / units[*at] as f64;
            prop_assert!((evidence.value - percent).abs() < 1e-9, "{} {percent}", evidence.value);
            prop_assert_eq!(evidence.threshold, 0.0);
        }
        compare_crossings(&ours, &slopes, period - 1);
    }

    #[test]
    fn donchian_breakout_agrees_with_a_scan(
        seed in any::<u64>(),
        period in 2_usize..60,
        memory in 1_usize..300,
        margin in 0.0_f64..2.0,
    ) {
        let units = walk(seed, 700, |_| 0.0);
        let strength = |at: usize| {
            let channel = &units[at - period..at];
            let (low, high) = (*channel.iter().min().unwrap(), *channel.iter().max().unwrap());
            let outside = (units[at] - units[at].clamp(low, high)) as f64;
            let error = standard_error(&[1.0, 0.0], &units[..=at], period);
            (outside.abs() > margin * error).then_some(outside)
        };
        let mut detector = DonchianBreakout::new(period, margin, memory).unwrap();
        let ours: Vec<_> = turns(&mut detector, &units)
            .into_iter()
            .map(|(at, evidence)| (at, evidence.direction == Direction::Up))
            .collect();
        prop_assert_eq!(ours, naive_turns(strength, period, units.len(), memory));
    }
}

/// Turns against the sign changes of other people's differences, from where ours are warm; a difference that is as small as
/// what truncation and rounding leave may have either sign.
fn compare_crossings(ours: &[(usize, Evidence)], theirs: &[f64], warm: usize) {
    let clear = |difference: &f64| difference.abs() > 1e-3;
    let mut side = 0.0_f64;
    let mut turns = ours.iter().peekable();
    for (at, difference) in theirs.iter().enumerate() {
        while let Some((_, evidence)) = turns.next_if(|(turn, _)| *turn <= at) {
            side = if evidence.direction == Direction::Up { 1.0 } else { -1.0 };
        }
        if at > warm && side != 0.0 && clear(difference) {
            assert_eq!(side, difference.signum(), "at {at}: {difference}");
        }
    }
}
