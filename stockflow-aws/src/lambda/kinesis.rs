//! Events of a Kinesis stream.

use std::{ops::Range, sync::Arc};

use bytes::Bytes;
use stockflow_core::{Position, RecordBatch, SequenceNumber, ShardId, StreamRecord, Timestamp};

use super::{
    EventError,
    scan::{Scanner, unescaped},
};

/// Reads the event that Lambda brings from a Kinesis stream: the records of each shard, in stream order.
///
/// An event has records of one shard; one that has more of them gives a batch for each. Lenient to what is around the records
/// (unknown keys, any order, white space) and to single records: data that are not base64 are passed on as they are, to be
/// quarantined.
///
/// # Cost
/// One pass over the body; the data of all records are decoded into one buffer that they share.
///
/// ```
/// use stockflow_aws::lambda::read_kinesis_event;
///
/// let event = br#"{"Records":[{"eventID":"shardId-000000000006:4959033","kinesis":{
///     "sequenceNumber":"4959033","data":"SGVsbG8","approximateArrivalTimestamp":1545084650.987}}]}"#;
/// let batches = read_kinesis_event(event)?;
/// assert_eq!(&*batches[0].shard, "shardId-000000000006");
/// assert_eq!(&batches[0].records[0].data[..], b"Hello");
/// assert_eq!(batches[0].records[0].arrival.to_string(), "2018-12-17T22:10:50.987000Z");
/// # Ok::<(), stockflow_aws::lambda::EventError>(())
/// ```
///
/// # Errors
/// Not such an event, or a record without its number or its arrival.
pub fn read_kinesis_event(event: &[u8]) -> Result<Vec<RecordBatch>, EventError> {
    let mut scanner = Scanner::new(event);
    let mut found = Found {
        records: Vec::with_capacity(scanner.count(b"\"kinesis\":")),
        shards: Vec::new(),
        data: Vec::with_capacity(event.len() / 4 * 3),
    };
    let mut first = true;
    let mut has_records = false;
    scanner.take(b'{', "an object")?;
    while scanner.more(&mut first, b'}', "a comma or the end of the event")? {
        if scanner.key()? == b"Records" {
            has_records = true;
            let mut first = true;
            scanner.take(b'[', "a list of records")?;
            while scanner.more(&mut first, b']', "a comma or the end of the list of records")? {
                record(&mut scanner, &mut found)?;
            }
        } else {
            scanner.skip()?;
        }
    }
    if !has_records {
        return Err(scanner.error("a list of records named `Records`"));
    }
    Ok(found.into_batches())
}

/// What was read so far.
struct Found {
    /// Shard, sequence number, arrival, and where the data are.
    records: Vec<(usize, SequenceNumber, Timestamp, Range<usize>)>,
    shards: Vec<ShardId>,
    data: Vec<u8>,
}

impl Found {
    fn into_batches(self) -> Vec<RecordBatch> {
        let data = Bytes::from(self.data);
        let mut batches: Vec<RecordBatch> = self
            .shards
            .into_iter()
            .map(|shard| RecordBatch { shard, records: Vec::new() })
            .collect();
        if let [only] = &mut batches[..] {
            only.records.reserve(self.records.len());
        }
        for (shard, sequence, arrival, range) in self.records {
            let position = Position::new(sequence);
            batches[shard].records.push(StreamRecord {
                position,
                arrival,
                data: data.slice(range),
            });
        }
        batches
    }

    /// Number of the shard that `id` names before its colon.
    fn shard(&mut self, id: &str) -> usize {
        let name = id.rsplit_once(':').map_or(id, |(shard, _)| shard);
        if let Some(known) = self.shards.iter().rposition(|shard| &**shard == name) {
            return known;
        }
        self.shards.push(Arc::from(name));
        self.shards.len() - 1
    }
}

fn record(scanner: &mut Scanner<'_>, found: &mut Found) -> Result<(), EventError> {
    let mut shard = None;
    let mut kinesis = None;
    let mut first = true;
    scanner.take(b'{', "a record")?;
    while scanner.more(&mut first, b'}', "a comma or the end of a record")? {
        match scanner.key()? {
            b"eventID" => shard = Some(found.shard(&scanner.text()?)),
            b"kinesis" => kinesis = Some(payload(scanner, found)?),
            _ => scanner.skip()?,
        }
    }
    let (Some(shard), Some((sequence, arrival, data))) = (shard, kinesis) else {
        return Err(scanner.error("a record with `eventID` and `kinesis`"));
    };
    found.records.push((shard, sequence, arrival, data));
    Ok(())
}

fn payload(
    scanner: &mut Scanner<'_>,
    found: &mut Found,
) -> Result<(SequenceNumber, Timestamp, Range<usize>), EventError> {
    let mut sequence = None;
    let mut arrival = None;
    let mut data = found.data.len()..found.data.len();
    let mut first = true;
    scanner.take(b'{', "an object")?;
    while scanner.more(&mut first, b'}', "a comma or the end of a record's payload")? {
        match scanner.key()? {
            b"sequenceNumber" => sequence = Some(SequenceNumber::from_text(&scanner.text()?)),
            b"approximateArrivalTimestamp" => arrival = seconds(scanner.number()?),
            b"data" => data = append(scanner, &mut found.data)?,
            _ => scanner.skip()?,
        }
    }
    match (sequence, arrival) {
        (Some(sequence), Some(arrival)) => Ok((sequence, arrival, data)),
        _ => Err(scanner.error("a record with `sequenceNumber` and `approximateArrivalTimestamp`")),
    }
}

/// Decodes base64 to the end of `data`: where it is there.
fn append(scanner: &mut Scanner<'_>, data: &mut Vec<u8>) -> Result<Range<usize>, EventError> {
    let begin = data.len();
    let (raw, escaped) = scanner.string()?;
    let decoded = match escaped.then(|| unescaped(raw)).flatten() {
        Some(text) => base64_simd::STANDARD.decode_append(text, data),
        None => base64_simd::STANDARD.decode_append(raw, data),
    };
    if decoded.is_err() {
        data.truncate(begin);
        data.extend_from_slice(raw);
    }
    Ok(begin..data.len())
}

/// Seconds since 1970 with a fraction, as `1545084650.987` or `1.545084650987E9`.
fn seconds(text: &str) -> Option<Timestamp> {
    let micros = match text.split_once('.') {
        Some((whole, fraction)) if fraction.len() <= 6 && !text.contains(['e', 'E', '-', '+']) => {
            let scale = 10_i64.pow(6 - fraction.len() as u32);
            let fraction =
                if fraction.is_empty() { 0 } else { fraction.parse::<i64>().ok()? * scale };
            whole.parse::<i64>().ok()?.checked_mul(1_000_000)?.checked_add(fraction)?
        }
        // A double holds the microseconds of this century exactly.
        _ => (text.parse::<f64>().ok()? * 1e6).round() as i64,
    };
    Timestamp::from_micros(micros).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn event(record: &str) -> String {
        format!(r#"{{"Records":[{record}]}}"#)
    }

    const WHOLE: &str = r#"{"kinesis":{"kinesisSchemaVersion":"1.0","partitionKey":"a\"b","sequenceNumber":"495","data":"SGVs\/bG8",
        "approximateArrivalTimestamp":1.545084650987E9,"new":{"a":[1,{"b":"}"}]}},"eventSource":"aws:kinesis","eventVersion":"1.0",
        "eventID":"shardId-000000000006:495","eventName":"aws:kinesis:record","awsRegion":"us-east-1","x":null,"y":-1.5e3,"z":true}"#;

    #[test]
    fn unknown_keys_escapes_and_doubles_are_read() {
        let batches = read_kinesis_event(event(WHOLE).as_bytes()).unwrap();
        let record = &batches[0].records[0];
        assert_eq!(record.position.sequence.to_string(), "495");
        assert_eq!(record.arrival.to_string(), "2018-12-17T22:10:50.987000Z");
        assert_eq!(&record.data[..], [0x48, 0x65, 0x6c, 0xfd, 0xb1, 0xbc]);
    }

    #[test]
    fn data_that_are_not_base64_are_passed_on_as_they_are() {
        let record = WHOLE.replace("SGVs\\/bG8", "not base64!");
        let batches = read_kinesis_event(event(&record).as_bytes()).unwrap();
        assert_eq!(&batches[0].records[0].data[..], b"not base64!");
    }

    #[test]
    fn records_of_two_shards_are_two_batches_in_order() {
        let other = WHOLE.replace("shardId-000000000006:495", "shardId-000000000007:1");
        let batches =
            read_kinesis_event(event(&[WHOLE, &other, WHOLE].join(" , ")).as_bytes()).unwrap();
        let shape: Vec<_> =
            batches.iter().map(|batch| (&*batch.shard, batch.records.len())).collect();
        assert_eq!(shape, [("shardId-000000000006", 2), ("shardId-000000000007", 1)]);
    }

    #[test]
    fn what_is_no_such_event_is_an_error_that_says_where() {
        for (event, expected) in [
            ("", "an object at byte 0"),
            ("[]", "an object at byte 0"),
            ("{}", "a list of records named `Records`"),
            (r#"{"Records":7}"#, "a list of records"),
            (r#"{"Records":[{}]}"#, "a record with `eventID` and `kinesis`"),
            (
                r#"{"Records":[{"eventID":"s:1","kinesis":{"data":""}}]}"#,
                "a record with `sequenceNumber`",
            ),
            (r#"{"Records":[{"eventID":"s:1"#, "the end of a string"),
            (r#"{"Records":[{"eventID":"s:1" "kinesis":{}}]}"#, "a comma or the end of a record"),
        ] {
            let error = read_kinesis_event(event.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(expected), "{event}: {error}");
        }
    }

    #[test]
    fn an_event_without_records_has_no_batches() {
        assert!(read_kinesis_event(br#"{"Records":[]}"#).unwrap().is_empty());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_kinesis_event(&bytes);
        }

        #[test]
        fn no_damage_to_an_event_makes_it_panic(at in 0..WHOLE.len(), byte: u8, cut in 0..WHOLE.len()) {
            let mut event = event(WHOLE).into_bytes();
            event[at] = byte;
            let _ = read_kinesis_event(&event);
            let _ = read_kinesis_event(&event[..cut]);
        }
    }
}
