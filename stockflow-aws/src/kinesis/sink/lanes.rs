//! What waits to be sent, in lanes: of each lane, one record is under way at a time.

use std::collections::{HashMap, VecDeque};

use stockflow_core::{Quote, Symbol};

/// The quotes of a batch that are not on the stream yet, by index: lanes of one symbol for plain records, of one shard for records of many
/// quotes.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    lanes: Vec<VecDeque<usize>>,
    /// Lanes that have something to send and nothing under way.
    turn: VecDeque<usize>,
}

impl Lanes {
    /// Sorts the quotes of these indices, ascending, into lanes.
    pub(super) fn new(
        batch: &[Quote],
        indices: impl Iterator<Item = usize>,
        mut lane_of: impl FnMut(&Symbol) -> usize,
    ) -> Self {
        let mut known: HashMap<Symbol, usize> = HashMap::new();
        let mut lanes: Vec<VecDeque<usize>> = Vec::new();
        for index in indices {
            let symbol = batch[index].symbol;
            let lane = *known.entry(symbol).or_insert_with_key(&mut lane_of);
            if lanes.len() <= lane {
                lanes.resize_with(lane + 1, VecDeque::new);
            }
            lanes[lane].push_back(index);
        }
        let turn = (0..lanes.len()).filter(|lane| !lanes[*lane].is_empty()).collect();
        Self { lanes, turn }
    }

    /// The next lane whose turn it is, with what waits in it.
    pub(super) fn take_turn(&mut self) -> Option<(usize, &[usize])> {
        let lane = self.turn.pop_front()?;
        Some((lane, self.lanes[lane].make_contiguous()))
    }

    /// The first quotes of a lane.
    pub(super) fn first(&self, lane: usize, quotes: usize) -> impl Iterator<Item = usize> {
        self.lanes[lane].iter().take(quotes).copied()
    }

    /// What was under way in the lane has to be sent again.
    pub(super) fn keep(&mut self, lane: usize) {
        self.turn.push_back(lane);
    }

    /// The first quotes of a lane are on the stream, but for those in `left`.
    pub(super) fn done(&mut self, lane: usize, quotes: usize, left: &[usize]) {
        let queue = &mut self.lanes[lane];
        queue.drain(..quotes);
        for index in left.iter().rev() {
            queue.push_front(*index);
        }
        if !queue.is_empty() {
            self.turn.push_back(lane);
        }
    }

    /// What waits in the lane will not be sent.
    pub(super) fn give_up(&mut self, lane: usize) -> impl Iterator<Item = usize> + use<> {
        std::mem::take(&mut self.lanes[lane]).into_iter()
    }

    /// Everything that waits, ascending.
    pub(super) fn into_rest(self) -> Vec<usize> {
        let mut rest: Vec<usize> = self.lanes.into_iter().flatten().collect();
        rest.sort_unstable();
        rest
    }
}
