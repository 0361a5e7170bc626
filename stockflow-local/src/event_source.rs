//! A simulator of Lambda's event source mapping on Kinesis and on DynamoDB Streams, for tests of what one puts behind it.
//!
//! No emulator fails a batch in part, bisects, gives up, or kills a container at the wrong moment. This does, with a virtual
//! clock and by a seed: the same seed gives the same history. Any function can be put in, and needs neither Lambda nor AWS:
//!
//! ```
//! use stockflow_local::event_source::{
//!     Clock, EventSourceMapping, Invocation, MappingOptions, Outcome, Reply, Stream,
//! };
//!
//! // This is called at each cold start and makes the handler of a new container.
//! let container = || {
//!     let mut warm = 0;
//!     move |invocation: Invocation<&'static str>| {
//!         warm += 1;
//!         async move {
//!             // Takes 20 ms of virtual time, and reports records that it cannot handle.
//!             invocation.clock.sleep(std::time::Duration::from_millis(20)).await;
//!             Reply::failed(
//!                 invocation.records.iter().filter(|r| r.data == "poison").map(|r| &r.sequence),
//!             )
//!         }
//!     }
//! };
//! let clock = Clock::new("2026-11-23T14:30:00Z".parse()?);
//! let options = MappingOptions {
//!     batch_size: 3,
//!     report_batch_item_failures: true,
//!     bisect_batch_on_function_error: true,
//!     maximum_retry_attempts: Some(2),
//!     ..MappingOptions::default()
//! };
//! let mut mapping = EventSourceMapping::new(Stream::Kinesis, options, &clock, 7, container)?;
//! for data in ["a", "poison", "b", "c"] {
//!     mapping.put("AAPL", data);
//! }
//! mapping.run();
//!
//! // Whoever reports "poison" instead of setting it aside gets it, and all after it in the batch, three times more.
//! assert_eq!(mapping.attempts()[0].outcome, Outcome::Partial);
//! assert_eq!(mapping.attempts()[0].acknowledged, 1);
//! let lost: Vec<_> = mapping.given_up()[0].records.iter().map(|r| r.data).collect();
//! assert_eq!(lost, ["poison", "b"]);
//! assert_eq!(mapping.attempts().last().map(|a| a.outcome), Some(Outcome::Complete));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it does as Lambda documents it
//! - **Batches**: up to `batch_size` records of one shard, or what is there when the window of the oldest is over.
//! - **Order**: a shard's batches are handled one after the other; with a parallelisation factor, those of a partition key are.
//!   DynamoDB Streams keep the order of an item's changes only.
//! - **Responses** count only with `report_batch_item_failures`. The lowest sequence number that failed is the checkpoint: it and all
//!   after it come again. No list, an empty one, null, or a misspelt key for it: all is done. An identifier that is empty, null,
//!   misspelt or not in the batch: nothing is done.
//! - **Failures** (error, crash, timeout): the batch comes again as a whole, or halved. With bisect, a partial response splits at its
//!   checkpoint. Splitting uses up no retry.
//! - **Giving up**: after the last retry, or when the records are too old, the batch goes to the failure destination, and the shard
//!   goes on. By default neither ever happens, and a bad record blocks its shard.
//! - **Containers** handle one batch at a time and keep their memory; an error leaves them alive, a timeout or a crash does not.
//!   A lack of containers uses up no retry.
//! - **At least once**: a batch may come again although it was done.
//!
//! # Where AWS says nothing, and what is done here
//! - A partial response without bisect uses up a retry, though it went on; with bisect, only if it did not go on at all.
//! - Halves inherit the retries that their batch used up.
//! - A batch whose oldest record is too old is given up as a whole; records that are too old before their first attempt make a
//!   batch of their own.
//! - Between attempts there is a pause of 0.1 s to 30 s that doubles, with jitter.
//! - A batch takes any idle container, not the one that was used last.
//!
//! # What it leaves out
//! Sizes in bytes (Lambda cuts a batch at 6 MB), tumbling windows, splits and merges of shards, the stream's retention, requests of a
//! killed container that arrive after its end, and the metadata that failure destinations other than S3 get instead of the records.

mod arrivals;
mod clock;
mod handler;
mod journal;
mod lane;
mod mapping;
mod options;
mod record;
mod reply;
mod running;

#[cfg(test)]
mod tests;

pub use clock::{Clock, Sleep};
pub use handler::Handler;
pub use journal::{Attempt, GiveUp, GivenUp, Outcome};
pub use mapping::EventSourceMapping;
pub use options::{MappingFaults, MappingOptions, Stream};
pub use record::{Invocation, Record};
pub use reply::Reply;
