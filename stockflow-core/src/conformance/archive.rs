//! Objects: [`Archive`]. The harness tells with each archive how to read it back, in any order.

use std::sync::Arc;

use bytes::Bytes;

use super::{Harness, Outcome, Probe, concurrent, samples::at};
use crate::{Archive, Object, ObjectName, Position, SequenceNumber, ShardId};

/// Every behaviour of this module.
///
/// # Errors
/// The first [`Violation`](super::Violation).
pub async fn all<A, H>(harness: &H) -> Outcome
where
    A: Archive + 'static,
    H: Harness<Backend = Probe<A, Object>>,
{
    run!(harness:
        an_object_comes_back_as_it_was_put,
        an_object_of_the_same_name_is_replaced,
        objects_of_different_names_are_kept_apart,
        names_of_shards_stay_names,
        a_large_object_is_kept_whole,
        of_concurrent_puts_one_object_is_whole,
    )
}

fn name(day: u64, shard: &str, first: Position) -> ObjectName {
    ObjectName { dt: at(day * 86_400).date(), shard: ShardId::from(shard), first }
}

fn numbered(number: u64) -> Position {
    Position::new(SequenceNumber::from(number))
}

fn object(name: ObjectName, lines: impl Into<Bytes>) -> Object {
    Object { name, lines: lines.into() }
}

async fn ensure_holds<A: Archive>(
    probe: &Probe<A, Object>,
    expected: &[Object],
    when: &str,
) -> Outcome {
    let found = probe.arrived().await?;
    for object in expected {
        let lines = found.iter().filter(|f| f.name == object.name).map(|f| &f.lines);
        let lines: Vec<&Bytes> = lines.collect();
        ensure!(
            lines == [&object.lines],
            "{when}: {:?} was not found once as it was put, but {} times among {} objects: {lines:?}",
            object.name,
            lines.len(),
            found.len()
        );
    }
    ensure_eq!(found.len(), expected.len(), "{when}: number of objects");
    Ok(())
}

/// Name and bytes.
pub async fn an_object_comes_back_as_it_was_put<A, H>(h: &H) -> Outcome
where
    A: Archive,
    H: Harness<Backend = Probe<A, Object>>,
{
    let probe = h.fresh().await;
    let object = object(name(0, "0", numbered(1)), "{\"a\":1}\n{\"b\":\"\\u0000 ü \\\\\"}\n");
    probe.backend.put(object.clone()).await?;
    ensure_holds(&probe, &[object], "after one put").await
}

/// Also by a shorter one: nothing of the longer one is left.
pub async fn an_object_of_the_same_name_is_replaced<A, H>(h: &H) -> Outcome
where
    A: Archive,
    H: Harness<Backend = Probe<A, Object>>,
{
    let probe = h.fresh().await;
    let name = name(0, "0", numbered(1));
    for lines in ["{\"a\":1}\n{\"b\":2}\n{\"c\":3}\n", "{\"a\":1}\n", "{\"a\":1}\n{\"b\":2}\n"] {
        for _ in 0..2 {
            let object = object(name.clone(), lines);
            probe.backend.put(object.clone()).await?;
            ensure_holds(&probe, &[object], "after a replacement").await?;
        }
    }
    Ok(())
}

/// By day, shard, sequence number and index: numbers of 64 bits, and Kinesis' of 56 digits.
pub async fn objects_of_different_names_are_kept_apart<A, H>(h: &H) -> Outcome
where
    A: Archive,
    H: Harness<Backend = Probe<A, Object>>,
{
    let probe = h.fresh().await;
    let long = "49590338271490256608559692538361571095921575989136588898";
    let text = |text: &str| Position::new(SequenceNumber::from_text(text));
    let within = |index| Position { index, ..text(long) };
    let names = [
        name(0, "0", numbered(1)),
        name(1, "0", numbered(1)),
        name(0, "1", numbered(1)),
        name(0, "01", numbered(1)),
        name(0, "0", numbered(2)),
        name(0, "0", numbered(10)),
        name(0, "0", numbered(u64::MAX)),
        name(0, "shardId-000000000000", text(long)),
        name(0, "shardId-000000000000", within(1)),
        name(0, "shardId-000000000000", within(11)),
        name(0, "shardId-000000000001", within(1)),
    ];
    let objects: Vec<Object> =
        (0..).zip(names).map(|(n, name)| object(name, format!("{{\"n\":{n}}}\n"))).collect();
    for object in &objects {
        probe.backend.put(object.clone()).await?;
    }
    ensure_holds(&probe, &objects, "after eleven puts").await
}

/// Whatever a shard is called, its objects stay inside the archive, and apart from those of others.
pub async fn names_of_shards_stay_names<A, H>(h: &H) -> Outcome
where
    A: Archive,
    H: Harness<Backend = Probe<A, Object>>,
{
    let probe = h.fresh().await;
    let shards = ["a/b", "a%2Fb", "a b", "..", "../../up", "a=b", "ä", "a\u{0}b", "C:\\x", "-"];
    let objects = shards.map(|shard| object(name(0, shard, numbered(1)), format!("{shard:?}\n")));
    for object in &objects {
        probe.backend.put(object.clone()).await?;
    }
    ensure_holds(&probe, &objects, "after puts of shards with odd names").await
}

/// Of 4 MiB.
pub async fn a_large_object_is_kept_whole<A, H>(h: &H) -> Outcome
where
    A: Archive,
    H: Harness<Backend = Probe<A, Object>>,
{
    let probe = h.fresh().await;
    let mut lines = String::with_capacity(4 << 20);
    // Numbers without a pattern, so that compression does not make it small.
    let mut number = 1_u64;
    while lines.len() < (4 << 20) {
        number = number.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        lines.push_str(&format!("{{\"n\":{number}}}\n"));
    }
    let object = object(name(0, "0", numbered(1)), lines);
    probe.backend.put(object.clone()).await?;
    let found = probe.arrived().await?;
    ensure!(found == [object], "the object is another one after reading it back");
    Ok(())
}

/// The one or the other, not a mixture.
pub async fn of_concurrent_puts_one_object_is_whole<A, H>(h: &H) -> Outcome
where
    A: Archive + 'static,
    H: Harness<Backend = Probe<A, Object>>,
{
    let probe = Arc::new(h.fresh().await);
    let version = |number: usize| {
        let line = format!("{{\"writer\":{number}}}\n");
        object(name(0, "0", numbered(1)), line.repeat(1_000 * (number + 1)))
    };
    let puts = concurrent::at_once(8, |number| {
        let (probe, object) = (Arc::clone(&probe), version(number));
        async move { probe.backend.put(object).await }
    });
    for put in puts.await? {
        put?;
    }
    let found = probe.arrived().await?;
    ensure_eq!(found.len(), 1, "number of objects of one name");
    ensure!((0..8).any(|number| found[0] == version(number)), "the object is none of the eight");
    Ok(())
}
