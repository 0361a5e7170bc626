//! Events of a Kinesis stream.

use std::{ops::Range, sync::Arc};

use bytes::Bytes;
use stockflow_core::{Position, RecordBatch, SequenceNumber, ShardId, StreamRecord, Timestamp};

use super::{
    EventError,
    scan::{Scanner, unescaped},
    template::{Places, Slot, Template},
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
///     "sequenceNumber":"4959033","data":"SGVsbG8=","approximateArrivalTimestamp":1545084650.987}}]}"#;
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
    if u32::try_from(event.len()).is_err() {
        return Err(EventError::new(0, "an event of less than 4 GiB; Lambda's have 6 MB"));
    }
    let most = event.len() / SMALLEST_RECORD;
    let mut found = Found {
        event,
        records: Vec::with_capacity(most),
        places: Vec::with_capacity(most),
        shards: Vec::new(),
        data: Vec::with_capacity(event.len() / 2),
    };
    let mut first = true;
    let mut has_records = false;
    scanner.take(b'{', "an object")?;
    while scanner.more(&mut first, b'}', "a comma or the end of the event")? {
        if scanner.key()? == b"Records" {
            has_records = true;
            read_records(&mut scanner, &mut found)?;
        } else {
            scanner.skip()?;
        }
    }
    if !has_records {
        return Err(scanner.error("a list of records named `Records`"));
    }
    Ok(found.into_batches())
}

/// Bytes of a record without data, roughly: what to reserve room by.
const SMALLEST_RECORD: usize = 500;

fn read_records(scanner: &mut Scanner<'_>, found: &mut Found<'_>) -> Result<(), EventError> {
    let mut template: Option<Template> = None;
    let mut first = true;
    scanner.take(b'[', "a list of records")?;
    while scanner.more(&mut first, b']', "a comma or the end of the list of records")? {
        let begin = scanner.at();
        if let Some((places, end)) = template.as_ref().and_then(|t| t.places(found.event, begin))
            && found.add(&places).is_some()
        {
            scanner.go_to(end);
            continue;
        }
        let places = record(scanner)?;
        found.add(&places).ok_or_else(|| EventError::new(begin, INCOMPLETE))?;
        template = Template::learn(found.event, begin..scanner.at(), &places);
    }
    Ok(())
}

const INCOMPLETE: &str =
    "a record with `eventID`, `kinesis.sequenceNumber` and `kinesis.approximateArrivalTimestamp`";

/// What was read so far.
struct Found<'a> {
    event: &'a [u8],
    /// Without data: these are shared when all are there.
    records: Vec<StreamRecord>,
    /// Of each record.
    places: Vec<Place>,
    shards: Vec<ShardId>,
    data: Vec<u8>,
}

/// The number of a record's shard, and where its data are.
struct Place {
    shard: u32,
    begin: u32,
    end: u32,
}

impl Found<'_> {
    fn into_batches(self) -> Vec<RecordBatch> {
        let Self { mut records, places, shards, data, .. } = self;
        let data = Bytes::from(data);
        for (record, Place { begin, end, .. }) in records.iter_mut().zip(&places) {
            record.data = data.slice(*begin as usize..*end as usize);
        }
        let batch = |shard| RecordBatch { shard, records: Vec::new() };
        let mut batches: Vec<RecordBatch> = shards.into_iter().map(batch).collect();
        if let [only] = &mut batches[..] {
            only.records = records;
            return batches;
        }
        for (record, place) in records.into_iter().zip(places) {
            batches[place.shard as usize].records.push(record);
        }
        batches
    }

    /// Adds the record whose values are at `places`; none if one is not what it has to be.
    fn add(&mut self, places: &Places) -> Option<()> {
        let text = |slot: Slot| str::from_utf8(&self.event[places[slot as usize].clone()]).ok();
        let sequence = text(Slot::Sequence).filter(|text| !text.is_empty())?;
        let arrival = seconds(text(Slot::Arrival)?)?;
        let id = text(Slot::EventId).filter(|id| !id.is_empty())?;
        let name = id.strip_suffix(sequence).and_then(|id| id.strip_suffix(':'));
        let shard =
            self.shard(name.unwrap_or_else(|| id.rsplit_once(':').map_or(id, |(name, _)| name)));
        let position = Position::new(SequenceNumber::from_text(sequence));
        let Range { start, end } = self.append(places[Slot::Data as usize].clone());
        // Data are no longer than the event.
        self.places.push(Place { shard: shard as u32, begin: start as u32, end: end as u32 });
        self.records.push(StreamRecord { position, arrival, data: Bytes::new() });
        Some(())
    }

    /// Number of the shard of that name.
    fn shard(&mut self, name: &str) -> usize {
        if let Some(known) = self.shards.iter().rposition(|shard| &**shard == name) {
            return known;
        }
        self.shards.push(Arc::from(name));
        self.shards.len() - 1
    }

    /// Decodes base64 to the end of the data: where it is there.
    fn append(&mut self, place: Range<usize>) -> Range<usize> {
        let begin = self.data.len();
        let raw = &self.event[place];
        let decode = |text: &[u8], data: &mut Vec<u8>| {
            base64_simd::STANDARD.decode_append(text, data).is_ok()
        };
        let decoded = decode(raw, &mut self.data) || {
            self.data.truncate(begin);
            // Some writers of JSON put a backslash before each slash.
            memchr::memchr(b'\\', raw).is_some()
                && unescaped(raw).is_some_and(|text| decode(text.as_bytes(), &mut self.data))
        };
        if !decoded {
            self.data.truncate(begin);
            self.data.extend_from_slice(raw);
        }
        begin..self.data.len()
    }
}

/// Reads a record as JSON: where its values are, at 0 those that it does not have.
fn record(scanner: &mut Scanner<'_>) -> Result<Places, EventError> {
    let mut places = Places::default();
    let mut first = true;
    scanner.take(b'{', "a record")?;
    while scanner.more(&mut first, b'}', "a comma or the end of a record")? {
        match scanner.key()? {
            b"eventID" => places[Slot::EventId as usize] = scanner.string()?,
            b"kinesis" => payload(scanner, &mut places)?,
            _ => scanner.skip()?,
        }
    }
    Ok(places)
}

fn payload(scanner: &mut Scanner<'_>, places: &mut Places) -> Result<(), EventError> {
    let mut first = true;
    scanner.take(b'{', "an object")?;
    while scanner.more(&mut first, b'}', "a comma or the end of a record's payload")? {
        let (slot, place) = match scanner.key()? {
            b"partitionKey" => (Slot::PartitionKey, scanner.string()?),
            b"sequenceNumber" => (Slot::Sequence, scanner.string()?),
            b"data" => (Slot::Data, scanner.string()?),
            b"approximateArrivalTimestamp" => (Slot::Arrival, scanner.number()?),
            _ => {
                scanner.skip()?;
                continue;
            }
        };
        places[slot as usize] = place;
    }
    Ok(())
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

    fn event(records: &str) -> Bytes {
        format!(r#"{{"Records":[{records}]}}"#).into()
    }

    const WHOLE: &str = r#"{"kinesis":{"kinesisSchemaVersion":"1.0","partitionKey":"a\"b","sequenceNumber":"495","data":"SGVs\/bG8",
        "approximateArrivalTimestamp":1.545084650987E9,"new":{"a":[1,{"b":"}"}]}},"eventSource":"aws:kinesis","eventVersion":"1.0",
        "eventID":"shardId-000000000006:495","eventName":"aws:kinesis:record","awsRegion":"us-east-1","x":null,"y":-1.5e3,"z":true}"#;

    #[test]
    fn unknown_keys_escapes_and_doubles_are_read() {
        let batches = read_kinesis_event(&event(WHOLE)).unwrap();
        let record = &batches[0].records[0];
        assert_eq!(record.position.sequence.to_string(), "495");
        assert_eq!(record.arrival.to_string(), "2018-12-17T22:10:50.987000Z");
        assert_eq!(&record.data[..], [0x48, 0x65, 0x6c, 0xfd, 0xb1, 0xbc]);
    }

    #[test]
    fn data_that_are_not_base64_are_passed_on_as_they_are() {
        let record = WHOLE.replace("SGVs\\/bG8", "not base64!");
        let batches = read_kinesis_event(&event(&record)).unwrap();
        assert_eq!(&batches[0].records[0].data[..], b"not base64!");
    }

    #[test]
    fn records_of_two_shards_are_two_batches_in_order() {
        let other = WHOLE.replace("shardId-000000000006:495", "shardId-000000000007:1");
        let batches = read_kinesis_event(&event(&[WHOLE, &other, WHOLE].join(" , "))).unwrap();
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
            (r#"{"Records":[{}]}"#, "a record with `eventID`"),
            (
                r#"{"Records":[{"eventID":"s:1","kinesis":{"data":""}}]}"#,
                "a record with `eventID`, `kinesis.sequenceNumber`",
            ),
            (r#"{"Records":[{"eventID":"s:1"#, "the end of a string"),
            (r#"{"Records":[{"eventID":"s:1" "kinesis":{}}]}"#, "a comma or the end of a record"),
        ] {
            let error = read_kinesis_event(event.as_ref()).unwrap_err().to_string();
            assert!(error.contains(expected), "{event}: {error}");
        }
    }

    #[test]
    fn an_event_without_records_has_no_batches() {
        assert!(read_kinesis_event(br#"{"Records":[]}"#).unwrap().is_empty());
    }

    #[test]
    fn a_record_that_differs_from_the_one_before_is_read_all_the_same() {
        let like = |key: &str, sequence: &str, data: &str| {
            let record = WHOLE.replace("a\\\"b", key).replace("495", sequence);
            record.replace("SGVs\\/bG8", data)
        };
        let records = [
            like("AAPL", "1", "YQ=="),
            like("MSFT", "22", "YmI="),
            like("a\\\",\\\"sequenceNumber\\\":\\\"7", "333", "Y2Nj"),
            like("IBM", "4444", "no base64"),
            like("IBM", "55555", "").replace("\"x\":null", "\"x\":[null]"),
            like("IBM", "666666", "Zg==").replace("\"partitionKey\":\"IBM\",", ""),
            like("IBM", "7777777", "Zw=="),
        ];
        let batches = read_kinesis_event(&event(&records.join(","))).unwrap();
        let read: Vec<(String, String)> = batches[0]
            .records
            .iter()
            .map(|r| {
                (r.position.sequence.to_string(), String::from_utf8_lossy(&r.data).into_owned())
            })
            .collect();
        let expected = [
            ("1", "a"),
            ("22", "bb"),
            ("333", "ccc"),
            ("4444", "no base64"),
            ("55555", ""),
            ("666666", "f"),
            ("7777777", "g"),
        ];
        assert_eq!(read, expected.map(|(sequence, data)| (sequence.to_owned(), data.to_owned())));
        assert_eq!(batches.len(), 1);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_kinesis_event(&bytes);
        }

        #[test]
        fn no_damage_to_an_event_makes_it_panic(at in 0..WHOLE.len(), byte: u8, cut in 0..WHOLE.len()) {
            let mut event = event(WHOLE).to_vec();
            event[at] = byte;
            let _ = read_kinesis_event(&event[..cut]);
            let _ = read_kinesis_event(event.as_ref());
        }
    }
}
