use super::{
    envelope::{Envelope, Memory},
    series::{NoveltySeries, Surprise},
    view::{Of, VIEWS, View},
};
use crate::Direction;

/// Values about 10, over and over the same.
fn quiet(rows: usize) -> Vec<f64> {
    [10.0, 11.0, 10.5, 9.0, 10.0, 9.5, 11.0].into_iter().cycle().take(rows).collect()
}

/// Values about 10 that never repeat: a sum of three waves.
fn wavy(rows: usize) -> Vec<f64> {
    let wave = |row: usize, length: f64| (row as f64 / length).sin();
    (0..rows).map(|row| 10.0 + wave(row, 3.1) + wave(row, 1.7) + 0.5 * wave(row, 0.9)).collect()
}

fn told(values: &[f64]) -> Vec<(usize, Surprise)> {
    let mut series = NoveltySeries::new();
    let rows = values.iter().enumerate();
    rows.filter_map(|(row, value)| {
        let surprise = series.judge(*value)?;
        surprise.told.then_some((row, surprise))
    })
    .collect()
}

fn rows(values: &[f64]) -> Vec<usize> {
    told(values).into_iter().map(|(row, _)| row).collect()
}

fn view(of: Of, values: &[f64], overall: f64) -> f64 {
    View { of, memory: Memory::Ever, creeps: false, bound: 1.0 }.measure(values, overall, 0.0)
}

fn close(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-12, "{a} is not {b}");
}

#[test]
fn views_measure_what_they_say() {
    let values = [9.0, 1.0, 3.0, 1.0, 7.0];
    close(view(Of::Departure(2), &values, 1.0), 7.0 - 2.0);
    close(view(Of::Departure(100), &values, 1.0), 7.0 - 3.5);
    close(view(Of::Departure(2), &values[..1], 1.0), 0.0);
    close(view(Of::Change(1), &values, 1.0), 6.0);
    close(view(Of::Change(2), &values, 1.0), 4.0 - 2.0);
    close(view(Of::Change(3), &values, 1.0), 0.0);
    close(view(Of::Level(3), &values, 1.0), 11.0 / 3.0);
    // Deviations 1 of the last two but one, 3 of the last two; a fiftieth of the overall deviation stands under both.
    close(view(Of::Spread(2), &values[..4], 0.5), (1.01_f64 / 0.5).ln());
    close(view(Of::Roughness(2), &values, 0.5), (4.01_f64 / 3.01).ln());
}

#[test]
fn an_envelope_tells_widths_outside_and_sinks_to_the_mean() {
    let mut envelope = Envelope::NONE;
    envelope.learn(1.0, 0, Memory::HalfLife(1.0), false);
    assert_eq!(envelope.outside(2.0, 0.0), 0.0, "no width yet");
    envelope.learn(5.0, 1, Memory::HalfLife(1.0), false);
    // The mean is 3; 1 has come half the way to it.
    close(envelope.outside(6.5, 0.0), 0.5);
    close(envelope.outside(0.5, 0.0), -0.5);
    close(envelope.outside(2.0, 0.0), 0.0);
    close(envelope.outside(6.5, 30.0), 0.05);
}

#[test]
fn an_envelope_that_creeps_doubles_at_most() {
    for (creeps, outside) in [(true, 99.0 / 2.0), (false, 1.0 / 100.0)] {
        let mut envelope = Envelope::NONE;
        for (x, row) in [(0.0, 0), (1.0, 1), (100.0, 2)] {
            envelope.learn(x, row, Memory::Ever, creeps);
        }
        close(envelope.outside(101.0, 0.0), outside);
    }
}

#[test]
fn memory_of_a_share_lasts_the_longer_the_more_there_was() {
    for (rows, half) in [(20, 100.0), (200, 100.0), (2_000, 1_000.0)] {
        let mut envelope = Envelope::NONE;
        for row in 0..rows {
            let x = if row % 2 == 0 { 1.0 } else { -1.0 };
            envelope.learn(x, row, Memory::Share(0.5), false);
        }
        envelope.learn(0.0, rows, Memory::Share(0.5), false);
        // The high, 1, has sunk for two rows towards a mean of nearly 0, the low for one.
        let sunk = |rows: f64| (-rows / half).exp2();
        let expected = (3.0 - sunk(2.0)) / (sunk(2.0) + sunk(1.0));
        let outside = envelope.outside(3.0, 0.0);
        assert!((outside - expected).abs() < 1e-3, "{rows} rows: {outside}, {expected}");
    }
}

#[test]
fn spikes_shifts_and_changes_of_shape_are_told_once_on_their_side() {
    let (mut up, mut down, mut shift, mut flat) =
        (quiet(1_000), quiet(1_000), quiet(1_000), quiet(1_000));
    up[700] = 25.0;
    down[700] = -5.0;
    shift[700..].iter_mut().for_each(|value| *value += 6.0);
    flat[700..].fill(10.0);
    assert_eq!(rows(&quiet(1_000)), [0; 0]);
    assert_eq!(rows(&up), [700]);
    assert_eq!(rows(&down), [700]);
    assert_eq!(rows(&shift)[0], 700);
    assert_eq!(rows(&flat)[0], 701);
    let side = |values: &[f64]| told(values).last().unwrap().1.direction;
    assert_eq!([side(&up), side(&down)], [Direction::Up, Direction::Down]);
    assert_eq!(side(&flat[..745]), Direction::Flat);
}

#[test]
fn the_aftermath_of_a_finding_is_told_only_if_it_is_much_larger() {
    let with = |first| {
        let mut values = quiet(1_000);
        (values[600], values[650], values[900]) = (first, 12.0, 30.0);
        let found = told(&values);
        let ratios: Vec<f64> = found.iter().map(|(_, surprise)| surprise.ratio.floor()).collect();
        (found.into_iter().map(|(row, _)| row).collect::<Vec<_>>(), ratios)
    };
    assert_eq!(with(11.2), (vec![600, 900], vec![4.0, 30.0]));
    // After a small one the next value, which departs as the pattern goes on, is more than eight times as far out.
    assert_eq!(with(11.1), (vec![600, 601, 900], vec![2.0, 18.0, 30.0]));
}

#[test]
fn the_scale_of_a_series_does_not_matter() {
    let mut values = wavy(1_000);
    (values[300], values[600], values[750]) = (16.0, 0.0, 30.0);
    let found = told(&values);
    assert!(!found.is_empty());
    for scale in [2.0_f64.powi(-40), 2.0_f64.powi(60), -1.0] {
        let scaled: Vec<f64> = values.iter().map(|value| value * scale).collect();
        let (mine, theirs) = (told(&scaled), &found);
        assert_eq!(mine.len(), theirs.len(), "{scale}");
        for ((row, one), (other_row, other)) in mine.iter().zip(theirs) {
            assert_eq!(row, other_row);
            assert!((one.ratio - other.ratio).abs() < 1e-6, "{one:?} {other:?}");
        }
    }
}

#[test]
fn no_values_panic_or_give_nan() {
    let wild = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN_POSITIVE, 0.0, -1.0];
    let mut series = NoveltySeries::new();
    for value in wild.into_iter().cycle().take(3_000) {
        let ratio = series.judge(value).map_or(0.0, |surprise| surprise.ratio);
        assert!((0.0..=30.0).contains(&ratio), "{ratio}");
    }
}

#[test]
fn what_is_no_number_does_not_deafen() {
    let mut values = quiet(1_000);
    (values[300], values[700]) = (f64::NAN, 25.0);
    assert_eq!(rows(&values), [300, 700]);
}

#[test]
fn scoring_does_not_learn_and_agrees_with_judging() {
    let mut series = NoveltySeries::new();
    for value in wavy(800) {
        let scored = series.score(value);
        assert_eq!(series.score(value), scored);
        assert_eq!(series.judge(value), scored);
    }
}

/// Values older than the views look at are let go of now and then: at no row may that be seen.
#[test]
fn old_values_do_not_matter_to_the_views() {
    // Swings that grow leave their envelopes all the time.
    let waves = wavy(1_000).into_iter().enumerate();
    let values: Vec<f64> = waves.map(|(row, x)| (x - 10.0) * (1.0 + row as f64 / 50.0)).collect();
    let mut series = NoveltySeries::new();
    let mut envelopes = [Envelope::NONE; VIEWS.len()];
    let mut seen = 0;
    for (row, value) in values.iter().enumerate() {
        let so_far = &values[..=row];
        let mean = so_far.iter().sum::<f64>() / so_far.len() as f64;
        let squares: f64 = so_far.iter().map(|value| (value - mean).powi(2)).sum();
        let overall = (squares / so_far.len() as f64).sqrt();
        let mut ratio = 0.0_f64;
        for (envelope, view) in envelopes.iter_mut().zip(VIEWS) {
            let x = view.measure(so_far, overall, 1e-8);
            ratio = ratio.max(envelope.outside(x, 1e-9).abs() / view.bound);
            envelope.learn(x, row as u64, view.memory, view.creeps && row >= 100);
        }
        if let Some(surprise) = series.judge(*value) {
            let naive = ratio.min(30.0);
            seen += usize::from(naive > 0.0);
            assert!((surprise.ratio - naive).abs() < 1e-6, "row {row}: {surprise:?}, {naive}");
        }
    }
    assert!(seen > 100, "{seen}");
}
