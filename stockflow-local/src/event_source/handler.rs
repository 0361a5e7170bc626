//! What is put into the simulator.

use super::{Invocation, Reply};

/// A container of the function: one process, which handles one batch at a time and remembers what it likes between two.
///
/// A closure that takes an [`Invocation`] and returns a future of a [`Reply`] is one.
///
/// # Contract
/// A handler waits for nothing but [`Clock::sleep`](super::Clock::sleep), and for others that do the same; what waits for anything else
/// (a socket, a timer of a runtime) never goes on, and is stopped at its deadline.
///
/// A stop, a crash or a kill drops the future where it waits, with the handler in it.
///
/// # Implementing
/// ```
/// use stockflow_local::event_source::{Handler, Invocation, Reply};
///
/// /// Counts records, and fails each batch with a record named "poison" there.
/// struct Counter {
///     seen: usize,
/// }
///
/// impl Handler<&'static str> for Counter {
///     async fn handle(&mut self, invocation: Invocation<&'static str>) -> Reply {
///         self.seen += invocation.records.len();
///         Reply::failed(
///             invocation.records.iter().filter(|r| r.data == "poison").map(|r| &r.sequence),
///         )
///     }
/// }
/// ```
pub trait Handler<T>: Send + 'static {
    /// Handles a batch.
    fn handle(&mut self, invocation: Invocation<T>) -> impl Future<Output = Reply> + Send;
}

impl<T, F, R> Handler<T> for F
where
    F: FnMut(Invocation<T>) -> R + Send + 'static,
    R: Future<Output = Reply> + Send,
{
    fn handle(&mut self, invocation: Invocation<T>) -> impl Future<Output = Reply> + Send {
        self(invocation)
    }
}
