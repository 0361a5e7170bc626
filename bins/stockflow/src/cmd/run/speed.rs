//! How fast market time passes.

use std::{fmt, str::FromStr};

/// How fast a replay or a simulation goes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// As fast as the pipeline takes quotes.
    Max,
    /// So many times as fast as the market's own clock: more than 0, at most 1,000,000.
    Times(f64),
}

impl FromStr for Speed {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "max" {
            return Ok(Self::Max);
        }
        text.strip_suffix('x')
            .filter(|number| number.starts_with(|c: char| c.is_ascii_digit()))
            .and_then(|number| number.parse::<f64>().ok())
            .filter(|&times| times > 0.0 && times <= 1e6)
            .map(Self::Times)
            .ok_or_else(|| {
                "neither max nor a multiple of real time such as 1x, 0.5x or 60x, up to 1000000x"
                    .to_owned()
            })
    }
}

impl fmt::Display for Speed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Max => f.write_str("max"),
            Self::Times(times) => write!(f, "{times}x"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn speeds_are_max_or_a_multiple() {
        assert_eq!("max".parse(), Ok(Speed::Max));
        assert_eq!("60x".parse(), Ok(Speed::Times(60.0)));
        assert_eq!("0.5x".parse(), Ok(Speed::Times(0.5)));
        for text in ["", "x", "0x", "-1x", "60", "infx", "NaNx", "2000000x", "1 x"] {
            assert!(text.parse::<Speed>().is_err(), "{text}");
        }
    }
}
