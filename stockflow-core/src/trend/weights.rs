//! Weights of filters, by the age of what they weigh: the newest price, or change of price, first.

use std::iter;

use crate::params::InvalidConfig;

/// Terms of a truncated exponential average for each quote of its period, where there is room for them.
const TERMS_PER_PERIOD: usize = 8;
const LEAST_TERMS_PER_PERIOD: usize = 3;

/// How many terms for each quote of their period exponential averages get, so that `periods` together have `room`.
pub(super) fn terms_per_period(
    key: &str,
    period: usize,
    periods: usize,
    room: usize,
) -> Result<usize, InvalidConfig> {
    let terms = (room / periods.max(1)).min(TERMS_PER_PERIOD);
    if terms >= LEAST_TERMS_PER_PERIOD {
        return Ok(terms);
    }
    let most = (room / LEAST_TERMS_PER_PERIOD).saturating_sub(periods - period);
    Err(InvalidConfig::new(key, period, format!("at most {most} beside smoothing and memory")))
}

/// `1/n` each.
pub(super) fn simple(period: usize) -> Vec<f64> {
    vec![1.0 / period as f64; period]
}

/// Those of an exponential average with the smoothing factor `alpha`, cut off after `terms` and scaled to the sum 1.
pub(super) fn exponential(alpha: f64, terms: usize) -> Vec<f64> {
    let raw: Vec<f64> =
        iter::successors(Some(1.0), |w| Some(w * (1.0 - alpha))).take(terms).collect();
    let sum: f64 = raw.iter().rev().sum();
    raw.into_iter().map(|w| w / sum).collect()
}

/// The smoothing factor of an exponential average of `period` quotes, `2 / (period + 1)`.
pub(super) fn alpha(period: usize) -> f64 {
    2.0 / (period as f64 + 1.0)
}

/// Those of the first filter less the second.
pub(super) fn difference(a: &[f64], b: &[f64]) -> Vec<f64> {
    let at = |w: &[f64], age: usize| w.get(age).copied().unwrap_or(0.0);
    (0..a.len().max(b.len())).map(|age| at(a, age) - at(b, age)).collect()
}

/// Those of the first filter applied to what the second one gives.
pub(super) fn convolved(a: &[f64], b: &[f64]) -> Vec<f64> {
    let mut out = vec![0.0; a.len() + b.len() - 1];
    for (i, x) in a.iter().enumerate() {
        for (j, y) in b.iter().enumerate() {
            out[i + j] += x * y;
        }
    }
    out
}

/// A filter of prices, whose weights add up to 0, as a filter of changes of price.
///
/// `Σ wᵢ·pᵢ = Σ Wᵢ·(pᵢ - pᵢ₊₁)` with `Wᵢ = w₀ + … + wᵢ`. Changes are integers that are 0 where the price does not change, so that
/// a constant price gives 0 and a mirrored one the opposite, to the bit.
pub(super) fn of_changes(weights: &[f64]) -> Vec<f64> {
    let sums = weights.iter().scan(0.0, |sum, w| {
        *sum += w;
        Some(*sum)
    });
    sums.take(weights.len() - 1).collect()
}

/// How far an average is behind the newest price, as a filter of changes of price, oldest first.
///
/// `p₀ - Σ wᵢ·pᵢ = Σ (wᵢ₊₁ + wᵢ₊₂ + …)·(pᵢ - pᵢ₊₁)`.
pub(super) fn lag(average: &[f64]) -> Vec<f64> {
    let sums = average.iter().rev().scan(0.0, |sum, w| {
        *sum += w;
        Some(*sum)
    });
    sums.take(average.len() - 1).collect()
}

/// Puts the weight of the oldest first, as [`Window`](crate::rolling::Window) has its values.
pub(super) fn oldest_first(mut weights: Vec<f64>) -> Vec<f64> {
    weights.reverse();
    weights
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn truncated_weights_add_up_to_one() {
        for (period, terms) in [(1, 8), (5, 40), (64, 512), (100, 300)] {
            let weights = exponential(alpha(period), terms);
            assert_eq!(weights.len(), terms);
            assert!((weights.iter().sum::<f64>() - 1.0).abs() < 1e-14);
        }
    }

    #[test]
    fn a_filter_of_prices_is_one_of_changes() {
        let prices = [7.0, 3.0, 4.0, 9.0, 1.0];
        let weights = difference(&simple(2), &simple(5));
        let direct: f64 = weights.iter().zip(&prices).map(|(w, p)| w * p).sum();
        let changes: Vec<f64> = prices.windows(2).map(|pair| pair[0] - pair[1]).collect();
        let by_changes: f64 = of_changes(&weights).iter().zip(&changes).map(|(w, c)| w * c).sum();
        assert!((direct - by_changes).abs() < 1e-14);
        assert!((direct - (5.0 - 4.8)).abs() < 1e-14);
    }

    #[test]
    fn an_average_is_the_newest_price_less_its_lag() {
        let (prices, average) = ([7.0, 3.0, 4.0], [0.5, 0.25, 0.25]);
        let changes = [prices[1] - prices[2], prices[0] - prices[1]];
        let behind: f64 = lag(&average).iter().zip(&changes).map(|(w, c)| w * c).sum();
        assert_eq!(prices[0] - behind, 3.5 + 0.75 + 1.0);
    }

    #[test]
    fn convolution_smooths_what_the_other_filter_gives() {
        assert_eq!(convolved(&[0.5, 0.5], &[1.0, -1.0]), [0.5, 0.0, -0.5]);
    }

    #[test]
    fn terms_shrink_to_the_room_and_no_further() {
        assert_eq!(terms_per_period("slow", 26, 26, 400), Ok(8));
        assert_eq!(terms_per_period("slow", 60, 60, 294), Ok(4));
        let error = terms_per_period("slow", 100, 109, 294).unwrap_err();
        assert_eq!(
            error.to_string(),
            "slow is 100, allowed is at most 89 beside smoothing and memory"
        );
    }
}
