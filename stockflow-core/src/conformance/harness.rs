//! Where suites get their backends from.

use std::future::Future;

/// Makes empty backends. Every async closure is one.
pub trait Harness: Sync {
    /// What is tested.
    type Backend;

    /// A backend that holds nothing yet; what the earlier ones hold is not to be seen in it.
    fn fresh(&self) -> impl Future<Output = Self::Backend> + Send;
}

impl<F, Fut> Harness for F
where
    F: Fn() -> Fut + Sync,
    Fut: Future + Send,
{
    type Backend = Fut::Output;

    fn fresh(&self) -> impl Future<Output = Self::Backend> + Send {
        self()
    }
}
