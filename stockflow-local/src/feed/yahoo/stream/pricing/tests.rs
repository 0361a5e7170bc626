//! Messages as they come, and as they should not.

use proptest::prelude::*;

use super::*;

/// Encodes as the host does: a field that is 0 or empty is left out.
fn encoded(message: &Pricing) -> Vec<u8> {
    let mut out = Vec::new();
    let varint = |out: &mut Vec<u8>, mut value: u64| {
        while value > 0x7f {
            out.push(value as u8 | 0x80);
            value >>= 7;
        }
        out.push(value as u8);
    };
    let zigzag = |value: i64| (value << 1 ^ value >> 63) as u64;
    if !message.id.is_empty() {
        varint(&mut out, 1 << 3 | 2);
        varint(&mut out, message.id.len() as u64);
        out.extend_from_slice(message.id.as_bytes());
    }
    let numbers =
        [(3, zigzag(message.time)), (7, message.market_hours), (9, zigzag(message.day_volume))];
    for (field, value) in numbers.into_iter().filter(|(_, value)| *value != 0) {
        varint(&mut out, field << 3);
        varint(&mut out, value);
    }
    for (field, value) in [
        (2, message.price),
        (10, message.day_high),
        (11, message.day_low),
        (15, message.open),
        (16, message.previous_close),
    ] {
        if value != 0.0 {
            varint(&mut out, field << 3 | 5);
            out.extend_from_slice(&value.to_le_bytes());
        }
    }
    out
}

fn pricing() -> impl Strategy<Value = Pricing> {
    let price = || prop_oneof![Just(0.0_f32), 1e-3_f32..1e7];
    (
        "[A-Z^=.-]{0,12}",
        (any::<i64>(), any::<i64>(), 0..4_u64),
        (price(), price(), price(), price(), price()),
    )
        .prop_map(|(id, (time, day_volume, market_hours), prices)| {
            let (price, day_high, day_low, open, previous_close) = prices;
            Pricing {
                id,
                price,
                time,
                market_hours,
                day_volume,
                day_high,
                day_low,
                open,
                previous_close,
            }
        })
}

fn read(text: &str) -> Result<Option<Pricing>, String> {
    Pricing::read(text).map_err(|why| why.to_string())
}

proptest! {
    #[test]
    fn what_was_said_is_read_in_both_versions(message in pricing()) {
        let text = STANDARD.encode_to_string(encoded(&message));
        prop_assert_eq!(read(&text), Ok(Some(message.clone())));
        let wrapped = serde_json::json!({ "type": "pricing", "message": text }).to_string();
        prop_assert_eq!(read(&wrapped), Ok(Some(message)));
    }

    #[test]
    fn fields_that_nobody_knows_are_passed_over(message in pricing(), field in 30..1_000_u64) {
        let mut bytes = vec![];
        for kind in [0_u64, 1, 2, 5] {
            let tag = field << 3 | kind;
            bytes.extend_from_slice(&[tag as u8 & 0x7f | 0x80, (tag >> 7) as u8]);
            // As a number, a length, or the first of some bytes.
            let values = [&[3][..], &[0; 8], &[2, 0, 0], &[], &[], &[0; 4]];
            bytes.extend_from_slice(values[kind as usize]);
        }
        bytes.extend(encoded(&message));
        prop_assert_eq!(read(&STANDARD.encode_to_string(bytes)), Ok(Some(message)));
    }

    #[test]
    fn any_bytes_are_a_message_or_an_error(bytes: Vec<u8>, text: String) {
        let _ = Pricing::read(&text);
        let _ = Pricing::read(&String::from_utf8_lossy(&bytes));
        let _ = Pricing::read(&STANDARD.encode_to_string(bytes));
    }

    #[test]
    fn a_message_that_was_cut_or_changed_does_no_harm(
        message in pricing(),
        cut: proptest::sample::Index,
        change: (proptest::sample::Index, u8),
    ) {
        let mut bytes = encoded(&message);
        prop_assume!(!bytes.is_empty());
        let _ = Pricing::read(&STANDARD.encode_to_string(&bytes[..cut.index(bytes.len())]));
        let at = change.0.index(bytes.len());
        bytes[at] = change.1;
        let _ = Pricing::read(&STANDARD.encode_to_string(&bytes));
    }
}

/// As documented for the format by others who have listened: `BTC-USD` in the middle of a day.
#[test]
fn a_message_byte_by_byte() {
    let bytes: Vec<u8> = [
        &[0x0a, 7][..],
        b"BTC-USD",
        &[0x15],
        &94_745.08_f32.to_le_bytes(),
        // 1736509140000, zigzag.
        &[0x18, 0xc0, 0xb0, 0x95, 0x80, 0x8a, 0x65],
        &[0x22, 3],
        b"USD",
        &[0x30, 41, 0x38, 1],
        // 59712028672, zigzag.
        &[0x48, 0x80, 0x80, 0xea, 0xf1, 0xbc, 0x03],
    ]
    .concat();
    let message = read(&STANDARD.encode_to_string(bytes)).unwrap().unwrap();
    let expected = Pricing {
        id: "BTC-USD".to_owned(),
        price: 94_745.08,
        time: 1_736_509_140_000,
        market_hours: REGULAR,
        day_volume: 59_712_028_672,
        ..Pricing::default()
    };
    assert_eq!(message, expected);
    assert_eq!(message.at().unwrap().to_string(), "2025-01-10T11:39:00.000000Z");
}

#[test]
fn what_cannot_be_read_says_why() {
    let base64 = |bytes: &[u8]| STANDARD.encode_to_string(bytes);
    for (text, why) in [
        ("{\"type\":", "neither base64 nor JSON"),
        ("<html>", "not base64"),
        ("CgRBQVBM=", "not base64"),
        (r#"{"type":"pricing","message":"CgRB"#, "neither base64 nor JSON"),
        (r#"{"type":"pricing","message":"CgR"}"#, "not base64"),
        // Cut within the name, a group, a length beyond everything, a number without an end, a field 0.
        (&base64(&[0x0a, 4, b'A']), "not protobuf"),
        (&base64(&[0x0b]), "not protobuf"),
        (&base64(&[0x0a, 0xff, 0xff, 0xff, 0xff, 0x0f]), "not protobuf"),
        (
            &base64(&[0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
            "not protobuf",
        ),
        (&base64(&[0x00, 0x00]), "not protobuf"),
    ] {
        assert_eq!(read(text), Err(why.to_owned()), "{text}");
    }
    for other in [r#"{"type":"heartbeat"}"#, r#"{"type":"status","message":"ok"}"#, "{}"] {
        assert_eq!(read(other), Ok(None), "{other}");
    }
}
