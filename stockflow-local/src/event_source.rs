//! A simulator of Lambda's event source mapping on Kinesis and on DynamoDB Streams, for tests of what one puts behind it.
//!
//! No emulator fails a batch in part, bisects, gives up, or kills a container at the wrong moment. This does, with a virtual
//! clock and by a seed: the same seed gives the same history. Any function can be put in, and needs neither Lambda nor AWS.
//!
//! # A function of one's own under it
//! 1. Say how a container is made: a closure that is called at each cold start and returns a [`Handler`], in general another closure,
//!    which takes an [`Invocation`] and answers a [`Reply`].
//! 2. Make an [`EventSourceMapping`] with the settings that the real one has, and say with [`MappingFaults`] what goes wrong.
//! 3. [`put`](EventSourceMapping::put) records, [`run`](EventSourceMapping::run), and look at what the function has done: it should be
//!    the same for every seed. [`attempts`](EventSourceMapping::attempts) tells what led there.
//!
//! A function that adds up payments forgets what it has seen when its container dies, and sees payments twice. This test finds out:
//!
//! ```
//! use std::{collections::BTreeMap, sync::{Arc, Mutex}, time::Duration};
//!
//! use stockflow_local::event_source::{
//!     Clock, EventSourceMapping, Invocation, MappingFaults, MappingOptions, Reply, Stream,
//! };
//!
//! /// What is left in the database, after a history with that seed.
//! fn play(seed: u64, overwrites: bool) -> u64 {
//!     let database = Arc::new(Mutex::new(BTreeMap::new()));
//!     let client = Arc::clone(&database);
//!     let container = move || {
//!         let client = Arc::clone(&client);
//!         move |invocation: Invocation<u64>| {
//!             let client = Arc::clone(&client);
//!             async move {
//!                 for record in &invocation.records {
//!                     // The time that a call of the database takes; here a container may be killed.
//!                     invocation.clock.sleep(Duration::from_millis(5)).await;
//!                     let mut payments = client.lock().unwrap();
//!                     // Under the number of the record, or under a new one.
//!                     let new = payments.len().to_string();
//!                     let key = if overwrites { record.sequence.to_string() } else { new };
//!                     payments.insert(key, record.data);
//!                 }
//!                 Reply::success()
//!             }
//!         }
//!     };
//!     let clock = Clock::new("2026-11-23T14:30:00Z".parse().unwrap());
//!     let options = MappingOptions { report_batch_item_failures: true, ..MappingOptions::default() };
//!     let mut mapping =
//!         EventSourceMapping::new(Stream::Kinesis, options, &clock, seed, container).unwrap();
//!     let faults =
//!         MappingFaults { crashes: 30, lost_answers: 10, redelivered: 20, ..Default::default() };
//!     mapping.set_faults(faults).unwrap();
//!     (1..=10).for_each(|amount| mapping.put("account", amount));
//!     mapping.run();
//!     database.lock().unwrap().values().sum()
//! }
//!
//! assert!((0..20).all(|seed| play(seed, true) == 55));
//! assert!((0..20).any(|seed| play(seed, false) > 55), "paid twice");
//! ```
//!
//! # Partial responses, and batches that are given up
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
//! - **Batches**: up to `batch_size` records of one shard, or what is there when the window of the oldest is over, or as many as fit
//!   into an event of 6 MB.
//! - **Order**: a shard's batches are handled one after the other; with a parallelisation factor, those of a partition key are.
//!   DynamoDB Streams keep the order of an item's changes only.
//! - **Responses** count only with `report_batch_item_failures`. The lowest sequence number that failed is the checkpoint: it and all
//!   after it come again. No list, an empty one, null, or a misspelt key for it: all is done. An identifier that is empty, null,
//!   misspelt or not in the batch: nothing is done.
//! - **Failures** (error, crash, timeout): the batch comes again as a whole, or halved. With bisect, a partial response splits at its
//!   checkpoint. Splitting uses up no retry.
//! - **Giving up**: after the last retry, or when the records are too old, the batch goes to the failure destination, and the shard
//!   goes on. By default neither ever happens, and a bad record blocks its shard. Only a destination in S3 gets the records; others
//!   get a [notice](GivenUp::notice) of where they are.
//! - **Containers** handle one batch at a time and keep their memory; an error leaves them alive, a timeout or a crash does not.
//!   A lack of containers uses up no retry.
//! - **At least once**: a batch may come again although it was done, cut at another place.
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
//! Tumbling windows, splits and merges of shards, the stream's retention, where a mapping starts, and requests of a killed container
//! that arrive after its end. That a put which changes nothing leaves no record in a DynamoDB stream, and an expired item one of its
//! removal, is up to whoever [puts](EventSourceMapping::put).

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
