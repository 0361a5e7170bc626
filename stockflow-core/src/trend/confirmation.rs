use crate::{
    MAX_LOOKBACK,
    params::{InvalidConfig, Param, ParamKind, Values, within},
};

/// When a crossing of two averages counts as a turn of trend.
///
/// Two averages that are close to each other cross with every breath of the market. A crossing counts at the first quote at
/// which the two are apart, on average over the last [`smoothing`](Self::smoothing) quotes, by more than the
/// [`band`](Self::band), now and on average in the same direction, and the last time that this was so, at most
/// [`memory`](Self::memory) quotes ago, it was in the other direction.
///
/// # The unit of the band
/// Standard errors. The mean difference is a weighted sum of the last `n` changes of price, `Σ wᵢ·rᵢ`. If the price walked at
/// random with changes of the size `s`, the sum would have the deviation `e = s·√(Σ wᵢ²)`, whatever the
/// periods are; the trend's *strength* is `Σ wᵢ·rᵢ / e`. For `s` stands the root mean square of the last changes, which lie in
/// the window as well: so the same band fits a quiet stock and a nervous one, a constant price has no strength, and no single
/// jump of the price (a gap at the open, a crash) can reach a strength much above 1. Drift over many quotes does.
///
/// # How often quotes come
/// Noise has more chances in a day the more quotes there are. So the band is that of quotes a minute or more apart, and its
/// square grows by itself with each doubling of their rate: by `√3.5` at six a minute. (A normal process exceeds `b` deviations at
/// a rate that falls with `exp(-b²/2)`, so this keeps the false turns of a day at about the same number.)
/// The rate is that of the same window; a pause of more than a minute counts as a minute.
///
/// [`Confirmation::RAW`] lets every crossing count.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Confirmation {
    /// Over how many quotes the difference is averaged, 1 to 256.
    pub smoothing: usize,
    /// How many standard errors the mean difference has to exceed for quotes a minute apart, 0 to 20.
    pub band: f64,
    /// After how many quotes a direction is forgotten, 1 to 500: a turn has to follow upon its opposite within them.
    pub memory: usize,
}

impl Confirmation {
    /// Every crossing counts, also one by way of up to 99 equal averages.
    pub const RAW: Self = Self { smoothing: 1, band: 0.0, memory: 100 };

    pub(super) const SMOOTHING: Param = Param {
        name: "smoothing",
        about: "over how many quotes the difference is averaged",
        kind: ParamKind::Integer { default: 40, min: 1, max: 256 },
    };
    pub(super) const BAND: Param = Param {
        name: "band",
        about: "how far apart they have to be on average, in standard errors at a quote a minute",
        kind: ParamKind::Number { default: 1.25, min: 0.0, max: 20.0 },
    };
    pub(super) const MEMORY: Param = Param {
        name: "memory",
        about: "after how many quotes a direction is forgotten",
        kind: ParamKind::Integer { default: 160, min: 1, max: 500 },
    };

    pub(super) fn from_values(values: &Values) -> Result<Self, InvalidConfig> {
        Ok(Self {
            smoothing: values.count("smoothing")?,
            band: values.number("band")?,
            memory: values.count("memory")?,
        })
    }

    pub(super) fn check(&self) -> Result<(), InvalidConfig> {
        within("smoothing", self.smoothing, 1, 256)?;
        within("band", self.band, 0.0, 20.0)?;
        within("memory", self.memory, 1, 500)
    }

    /// How many prices the averages may take in without smoothing.
    pub(super) fn room(&self) -> Result<usize, InvalidConfig> {
        let taken = self.memory + self.smoothing - 2;
        MAX_LOOKBACK.checked_sub(taken).filter(|room| *room > 1).ok_or_else(|| {
            let most = MAX_LOOKBACK - self.smoothing;
            InvalidConfig::new("memory", self.memory, format!("1 to {most} with this smoothing"))
        })
    }
}

impl Default for Confirmation {
    /// 40 quotes, 1.25 standard errors, 160 quotes.
    fn default() -> Self {
        let params = [Self::SMOOTHING, Self::BAND, Self::MEMORY];
        Self::from_values(&Values::defaults(&params)).unwrap_or(Self::RAW)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_that_of_the_parameters() {
        let default = Confirmation::default();
        assert_eq!(default, Confirmation { smoothing: 40, band: 1.25, memory: 160 });
        assert_eq!(default.check(), Ok(()));
        assert_eq!(Confirmation::RAW.check(), Ok(()));
    }

    #[test]
    fn bounds_are_checked() {
        for (wrong, key) in [
            (Confirmation { smoothing: 0, ..Confirmation::RAW }, "smoothing"),
            (Confirmation { band: f64::NAN, ..Confirmation::RAW }, "band"),
            (Confirmation { memory: 501, ..Confirmation::RAW }, "memory"),
        ] {
            assert_eq!(wrong.check().unwrap_err().key, key);
        }
        let greedy = Confirmation { smoothing: 256, band: 1.0, memory: 300 };
        assert_eq!(
            greedy.room().unwrap_err().to_string(),
            "memory is 300, allowed is 1 to 256 with this smoothing"
        );
        assert_eq!(Confirmation { memory: 256, ..greedy }.room(), Ok(2));
    }
}
