//! Expected values are worked out by hand from the benchmark's paper.

use super::*;

fn standard() -> Profile {
    let name = "standard".to_owned();
    Profile { name, true_positive: 1.0, false_positive: 0.11, false_negative: 1.0 }
}

/// Of a series of 100 rows with a window of ten, when the rows of `told` are told.
fn raw(told: &[usize]) -> f64 {
    outcome(told, &[40..=49]).raw
}

fn outcome(told: &[usize], windows: &[RangeInclusive<usize>]) -> Outcome {
    let mut scores = [0.0; 100];
    told.iter().for_each(|row| scores[*row] = 1.0);
    score(&standard(), Scored { scores: &scores, windows }, 1.0)
}

fn close(a: f64, b: f64) {
    assert!((a - b).abs() < 5e-6, "{a} is not {b}");
}

#[test]
fn probation_is_15_percent_but_at_most_750_rows() {
    assert_eq!([20, 100, 1_127, 4_999, 5_000, 22_695].map(probation), [3, 15, 169, 749, 750, 750]);
}

#[test]
fn a_missed_window_costs_its_weight() {
    close(raw(&[]), -1.0);
    assert_eq!(
        outcome(&[], &[40..=49]),
        Outcome { raw: -1.0, windows: 1, found: 0, false_alarms: 0 }
    );
}

#[test]
fn the_earlier_in_its_window_a_detection_is_the_more_it_is_worth() {
    close(raw(&[40]), 1.0);
    close(raw(&[45]), 0.859_797);
    close(raw(&[49]), 0.248_242);
}

#[test]
fn only_the_best_detection_in_a_window_counts() {
    close(raw(&[45, 46, 47, 48, 49]), raw(&[45]));
    assert_eq!(outcome(&[45, 49], &[40..=49]).found, 1);
}

#[test]
fn a_false_alarm_costs_more_the_farther_behind_the_last_window_it_is() {
    let cost = |row| -1.0 - raw(&[row]);
    close(cost(50), 0.11 * 0.270_848);
    close(cost(58), 0.11 * 0.986_614);
    close(cost(99), 0.11);
    close(cost(20), 0.11);
    close(-1.0 - raw(&[20, 99]), 0.22);
    assert_eq!(outcome(&[20, 41, 99], &[40..=49]).false_alarms, 2);
}

#[test]
fn rows_of_the_probation_do_not_count() {
    close(raw(&[0, 14]), -1.0);
    close(raw(&[14, 15]), -1.11);
    let none = Outcome::default();
    assert_eq!(outcome(&[3, 12], &[5..=14]), none, "a window within it is not missed");
    let late = outcome(&[12, 16], &[10..=19]);
    close(late.raw, scaled_sigmoid(-0.4) / scaled_sigmoid(-1.0));
    assert_eq!((late.windows, late.found), (1, 1));
}

#[test]
fn windows_of_all_series_are_kept_apart() {
    let mut scores = vec![0.0; 100];
    scores[40] = 0.9;
    scores[60] = 0.8;
    let (one, two) = (vec![40..=49], vec![60..=69, 80..=89]);
    let series = [
        Scored { scores: &scores, windows: &one },
        Scored { scores: &scores, windows: &two },
        Scored { scores: &scores, windows: &[] },
    ];
    let best = optimise(&standard(), &series);
    // The second's first window is found at 0.8; the alarms beside it cost less.
    let after = -scaled_sigmoid(11.0 / 9.0);
    close(best.outcome.raw, 1.0 + 1.0 - 1.0 - 0.11 * (1.0 + 1.0 + 1.0 + after));
    assert_eq!((best.threshold, best.outcome.found, best.outcome.windows), (0.8, 2, 3));
    assert_eq!(best.outcome.false_alarms, 4);
    let sum: f64 = series.iter().map(|one| score(&standard(), *one, 0.8).raw).sum();
    close(best.outcome.raw, sum);
}

#[test]
fn nothing_is_told_where_that_is_best() {
    let scores: Vec<f64> = (0..100).map(f64::from).collect();
    let best = optimise(&standard(), &[Scored { scores: &scores, windows: &[] }]);
    assert_eq!(best.threshold, f64::INFINITY);
    assert_eq!(best.outcome, Outcome::default());
    let alike = [0.5; 100];
    let windows = vec![80..=80];
    let best = optimise(&standard(), &[Scored { scores: &alike, windows: &windows }]);
    assert_eq!(best.threshold, f64::INFINITY, "rows of one score are told together");
}

#[test]
fn of_equally_good_thresholds_the_highest_is_taken() {
    let mut scores = [0.0; 100];
    (scores[40], scores[45]) = (0.9, 0.7);
    let windows = vec![40..=49];
    let best = optimise(&standard(), &[Scored { scores: &scores, windows: &windows }]);
    assert_eq!(best.threshold, 0.9);
}

#[test]
fn a_perfect_detector_has_100_and_a_silent_one_0() {
    let strict = Profile { false_negative: 2.0, ..standard() };
    for profile in [standard(), strict] {
        assert_eq!(profile.normalise(7.0 * profile.true_positive, 7), 100.0);
        assert_eq!(profile.normalise(-7.0 * profile.false_negative, 7), 0.0);
    }
    close(standard().normalise(57.660_751_578_606_38, 116), 74.853_772_232_157_92);
}
