//! Traces of how far each part got, for those who test what a crash does there.

/// The part before the stages; [`Processor`](stockflow_core::Processor) and [`TrendWatch`](stockflow_core::TrendWatch)
/// leave traces of the same form.
pub(super) const INTAKE: u8 = 0;
pub(super) const STAGE_ONE: u8 = 1;
pub(super) const STAGE_TWO: u8 = 2;

/// This much is done.
pub(super) fn step(stage: u8, step: &'static str) {
    tracing::trace!(target: "stockflow::step", stage, step);
}
