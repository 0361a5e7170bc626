//! The job on timely with sonic-rs, and in a bare loop with sonic-rs.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use timely::{
    container::CapacityContainerBuilder,
    dataflow::{
        InputHandle,
        channels::pact::Pipeline,
        operators::{Inspect, Operator, Probe},
    },
};

use super::rules::{Record, State, Told};

/// Symbols by text. A real program would hash faster than by default, so this does, as ours does.
#[derive(Default)]
struct States(HashMap<String, State, foldhash::fast::RandomState>);

impl States {
    fn take_in(&mut self, record: &[u8], tell: impl FnMut(Told)) {
        let Ok(record) = sonic_rs::from_slice::<Record<'_>>(record) else { return };
        // No allocation for a symbol that is known.
        if let Some(state) = self.0.get_mut(record.symbol) {
            return state.observe(&record, tell);
        }
        self.0.entry(record.symbol.to_owned()).or_default().observe(&record, tell);
    }
}

/// No engine at all.
pub(crate) fn loop_over(records: &[&'static [u8]]) -> Vec<Told> {
    let mut states = States::default();
    let mut alerts = Vec::new();
    for record in records {
        states.take_in(record, |told| alerts.push(told));
    }
    alerts
}

/// One worker on this thread; decoding and judging in one operator, which is the fastest that timely can do it.
pub(crate) fn timely(records: &[&'static [u8]], batch: usize) -> Vec<Told> {
    let records: Vec<&'static [u8]> = records.to_vec();
    timely::execute_directly(move |worker| {
        let alerts = Rc::new(RefCell::new(Vec::new()));
        let sink = Rc::clone(&alerts);
        let mut input: InputHandle<u64, CapacityContainerBuilder<Vec<&'static [u8]>>> =
            InputHandle::new();
        let probe = worker.dataflow(|scope| {
            input
                .to_stream(scope)
                .unary::<CapacityContainerBuilder<Vec<Told>>, _, _, _>(Pipeline, "judge", |_, _| {
                    let mut states = States::default();
                    move |input, output| {
                        input.for_each(|time, records| {
                            let mut session = output.session(&time);
                            for record in records.iter() {
                                states.take_in(record, |told| session.give(told));
                            }
                        });
                    }
                })
                .inspect(move |told| sink.borrow_mut().push(told.clone()))
                .probe()
                .0
        });
        for (epoch, chunk) in records.chunks(batch).enumerate() {
            input.send_batch(&mut chunk.to_vec());
            input.advance_to(epoch as u64 + 1);
            while probe.less_than(input.time()) {
                worker.step();
            }
        }
        drop(input);
        alerts.take()
    })
}
