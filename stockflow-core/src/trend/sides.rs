use crate::Direction;

/// Remembers on which side a trend was last, for `memory` quotes: a function of the sides of so many quotes.
///
/// A quote may be on no side (equal averages, within the dead band): that neither is a turn nor hides one.
#[derive(Clone, Debug)]
pub(super) struct Sides {
    memory: usize,
    /// The last side, and how many quotes ago.
    last: Option<(Direction, usize)>,
}

impl Sides {
    pub(super) const fn new(memory: usize) -> Self {
        Self { memory, last: None }
    }

    /// Takes in the side of the next quote; whether it is the opposite of the last one.
    pub(super) fn take(&mut self, side: Option<Direction>) -> bool {
        let before = self.last.map(|(side, age)| (side, age + 1));
        let before = before.filter(|(_, age)| *age <= self.memory);
        self.last = side.map(|side| (side, 0)).or(before);
        matches!((before, side), (Some((before, _)), Some(side)) if before != side)
    }

    /// The last side that is remembered; flat if there is none.
    pub(super) fn direction(&self) -> Direction {
        self.last.map_or(Direction::Flat, |(side, _)| side)
    }

    pub(super) const fn reset(&mut self) {
        self.last = None;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_turn_also_by_way_of_none_until_they_are_forgotten() {
        let (up, down) = (Some(Direction::Up), Some(Direction::Down));
        let mut sides = Sides::new(2);
        let taken = [None, up, up, down, None, up, None, None, down, up];
        let turned = taken.map(|side| sides.take(side));
        assert_eq!(
            turned,
            [false, false, false, true, false, true, false, false, false, true],
            "the second down comes three quotes after the up"
        );
        assert_eq!(sides.direction(), Direction::Up);
        sides.reset();
        assert_eq!(sides.direction(), Direction::Flat);
    }
}
