use bytes::Bytes;
use proptest::prelude::*;
use stockflow_core::{SequenceNumber, Symbol, Timestamp, conformance::samples, wire};

use super::*;

fn record(data: impl Into<Bytes>) -> StreamRecord {
    let sequence = "49590338271490256608559692538361571095921575989136588898";
    StreamRecord {
        position: Position::new(SequenceNumber::from_text(sequence)),
        arrival: Timestamp::MIN,
        data: data.into(),
    }
}

fn unpacked(data: impl Into<Bytes>, shard: Option<&HashRange>) -> Vec<StreamRecord> {
    let mut out = Vec::new();
    unpack(record(data), shard, &mut out);
    out
}

fn lines(count: u64) -> Vec<(Symbol, Vec<u8>)> {
    let line = |quote| {
        let mut line = Vec::new();
        wire::encode(quote, &mut line);
        (quote.symbol, line)
    };
    samples::quotes(count).iter().map(line).collect()
}

fn aggregated(lines: &[(Symbol, Vec<u8>)]) -> Vec<u8> {
    let mut keys: Vec<Symbol> = Vec::new();
    let mut aggregate = Aggregate::default();
    for (symbol, line) in lines {
        let key = keys.iter().position(|key| key == symbol).unwrap_or_else(|| {
            aggregate.add_key(symbol.as_bytes());
            keys.push(*symbol);
            keys.len() - 1
        });
        let new = (key + 1 == keys.len()).then_some(symbol.as_bytes().len());
        let most = aggregate.len_with(new, line.len());
        aggregate.add(key as u64, line);
        assert!(aggregate.len_with(None, 0) <= most + 10);
    }
    aggregate.finish()
}

fn compressed(lines: &[(Symbol, Vec<u8>)]) -> Vec<u8> {
    let mut text = Vec::new();
    for (_, line) in lines {
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    compress(&text, 1).unwrap()
}

#[test]
fn quotes_come_back_from_every_form_in_order_and_numbered() {
    let lines = lines(300);
    for packed in [aggregated(&lines), compressed(&lines)] {
        let records = unpacked(packed, Some(&HashRange::ALL));
        assert_eq!(records.len(), lines.len());
        for (index, (record, (_, line))) in records.iter().zip(&lines).enumerate() {
            assert_eq!((record.position.index, &record.data[..]), (index as u32, &line[..]));
        }
    }
}

#[test]
fn parts_share_the_memory_of_their_record() {
    let data = Bytes::from(aggregated(&lines(3)));
    let within = data.as_ptr_range();
    for record in unpacked(data.clone(), None) {
        assert!(within.contains(&record.data.as_ptr()));
    }
}

#[test]
fn parts_of_another_shard_are_left_out_and_keep_their_numbers() {
    let lines = lines(200);
    let middle = u128::MAX / 2;
    let shards = [HashRange::new(0, middle), HashRange::new(middle + 1, u128::MAX)];
    for packed in [aggregated(&lines), compressed(&lines)] {
        let both = shards.map(|shard| unpacked(packed.clone(), Some(&shard)));
        assert!(both.iter().all(|records| !records.is_empty()), "symbols of both shards");
        for (shard, records) in shards.iter().zip(&both) {
            for record in records {
                let (symbol, line) = &lines[record.position.index as usize];
                assert_eq!(record.data[..], line[..]);
                assert!(shard.holds(hash_of(symbol.as_bytes())));
            }
        }
        assert_eq!(both[0].len() + both[1].len(), lines.len());
        assert_eq!(unpacked(packed, None).len(), lines.len());
    }
}

#[test]
fn a_compressed_line_of_another_writer_goes_by_its_symbol_too() {
    let foreign = br#"{"timestamp":"2026-11-23T14:30:00Z","symbol":"AAPL","open":1,"high":1,"low":1,"price":1,"previous_close":1,"volume":1}
not a quote"#;
    let packed = compress(foreign, 1).unwrap();
    let hash = hash_of(b"AAPL");
    assert_eq!(unpacked(packed.clone(), Some(&HashRange::new(hash, hash))).len(), 2);
    assert_eq!(unpacked(packed, Some(&HashRange::new(0, hash - 1))).len(), 1);
}

#[test]
fn a_key_belongs_where_the_service_places_it() {
    // The MD5 of "AAPL" by md5sum.
    assert_eq!(hash_of(b"AAPL"), 0x8b10_e4ae_9eeb_5684_921a_9ab2_7e4d_87aa);
}

#[test]
fn damaged_records_pass_as_they_are() {
    for whole in [aggregated(&lines(5)), compressed(&lines(5))] {
        for at in [4, whole.len() / 2, whole.len() - 1] {
            let mut damaged = whole.clone();
            damaged[at] ^= 0x55;
            assert_eq!(unpacked(damaged.clone(), None), [record(damaged)], "byte {at}");
        }
        let short = whole[..whole.len() - 3].to_vec();
        assert_eq!(unpacked(short.clone(), None), [record(short)]);
    }
    for magic in [&b"\xf3"[..], b"\xf3\x89\x9a\xc2", b"\xf3SFZ"] {
        assert_eq!(unpacked(magic.to_vec(), None), [record(magic.to_vec())]);
    }
}

#[test]
fn an_aggregate_with_a_key_that_is_not_in_its_table_passes_as_it_is() {
    let mut aggregate = Aggregate::default();
    aggregate.add(7, b"{}");
    let data = aggregate.finish();
    assert_eq!(unpacked(data.clone(), None), [record(data)]);
}

#[test]
fn a_bomb_passes_as_it_is() {
    let line = [b"{\"symbol\":\"A\"".to_vec(), vec![b' '; 17 << 20]].concat();
    let bomb = compress(&line, 3).unwrap();
    assert!(bomb.len() < 4_096);
    assert_eq!(unpacked(bomb.clone(), None), [record(bomb)]);
    let most = compress(&line[..16 << 20], 3).unwrap();
    assert_eq!(unpacked(most, None)[0].data.len(), 16 << 20);
}

proptest! {
    #[test]
    fn any_bytes_give_something_and_no_panic(
        magic in prop::sample::select(vec![&b""[..], b"\xf3\x89\x9a\xc2", b"\xf3SFZ"]),
        body in prop::collection::vec(any::<u8>(), 0..200),
        digest: bool,
    ) {
        let mut data = [magic, &body].concat();
        if digest {
            use md5::Digest as _;
            data.extend_from_slice(&md5::Md5::digest(&body));
        }
        for record in unpacked(data.clone(), Some(&HashRange::ALL)) {
            prop_assert!(record.data.len() <= data.len());
        }
    }
}
