//! Several callers at once.

use std::{future::Future, sync::Arc};

use tokio::sync::Barrier;

use super::Violation;

/// Starts `callers` tasks at one time, each with its number, and collects their answers.
pub(super) async fn at_once<T, F, Fut>(callers: usize, call: F) -> Result<Vec<T>, Violation>
where
    F: Fn(usize) -> Fut,
    Fut: Future<Output = T> + Send + 'static,
    T: Send + 'static,
{
    let start = Arc::new(Barrier::new(callers));
    let spawn = |number| {
        let (start, call) = (Arc::clone(&start), call(number));
        tokio::spawn(async move {
            start.wait().await;
            call.await
        })
    };
    let tasks: Vec<_> = (0..callers).map(spawn).collect();
    let mut answers = Vec::with_capacity(callers);
    for task in tasks {
        answers
            .push(task.await.map_err(|error| Violation::new(format!("a caller died: {error}")))?);
    }
    Ok(answers)
}
