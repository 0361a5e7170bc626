use crate::Timestamp;

/// How often quotes came lately.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Pauses {
    /// Microseconds, the newest before `next`.
    last: [u32; Self::COUNT],
    sum: u32,
    next: u8,
    len: u8,
}

impl Pauses {
    const COUNT: usize = 16;
    /// A night counts as a minute, so 16 pauses add up to 960 seconds at most.
    const LONGEST: i64 = 60_000_000;

    /// From one quote to the next.
    #[inline(always)]
    pub(super) fn push(&mut self, from: Timestamp, to: Timestamp) {
        let pause = to.as_micros().saturating_sub(from.as_micros()).clamp(1, Self::LONGEST) as u32;
        let slot = &mut self.last[usize::from(self.next) % Self::COUNT];
        self.sum = self.sum - *slot + pause;
        *slot = pause;
        self.next = (self.next + 1) % Self::COUNT as u8;
        self.len = (self.len + 1).min(Self::COUNT as u8);
    }

    /// What `pause`, in microseconds, is of the mean of the last 16, at most 1; also 1 if none is known.
    pub(crate) fn share(&self, pause: u32) -> f64 {
        let (usual, pauses) = (i64::from(self.sum), i64::from(pause) * i64::from(self.len));
        if usual <= pauses { 1.0 } else { pauses as f64 / usual as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> Timestamp {
        Timestamp::from_micros(micros).unwrap()
    }

    #[test]
    fn sixteen_pauses_count_and_a_night_is_a_minute() {
        const SECOND: u32 = 1_000_000;
        let mut pauses = Pauses::default();
        assert_eq!(pauses.share(SECOND), 1.0);
        let start = 1_700_000_000_000_000;
        pauses.push(at(start), at(start + 40_000_000));
        assert_eq!(pauses.share(10 * SECOND), 0.25);
        assert_eq!(pauses.share(50 * SECOND), 1.0);
        pauses.push(at(start), at(start + 64_000_000_000));
        assert_eq!(pauses.share(10 * SECOND), 0.2);
        pauses.push(at(start), at(start));
        pauses.push(at(start), at(start - 5));
        assert_eq!(pauses.share(1), 4.0 / 100_000_002.0, "time does not stand still or go back");
        for _ in 0..16 {
            pauses.push(at(start), at(start + 2_000_000));
        }
        assert_eq!(pauses.share(SECOND), 0.5);
    }
}
