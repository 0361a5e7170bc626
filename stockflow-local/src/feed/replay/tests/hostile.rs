use proptest::prelude::*;

use super::*;

/// Anything, behind the beginning of something that is read.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let beginnings = prop::sample::select(vec![
        Vec::new(),
        HEADER.as_bytes().to_vec(),
        [HEADER, &row("A", 1, 1)].concat().into_bytes(),
        b"{\"symbol\":\"A\"}\n".to_vec(),
        b"\x1f\x8b\x08\0\0\0\0\0\0\x03".to_vec(),
        b"\x28\xb5\x2f\xfd".to_vec(),
        b"PAR1".to_vec(),
    ]);
    let text = prop::sample::select(b"0123456789,.:-TZ\"{}[]e\n\r\0 \xff".to_vec());
    let rest = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..2_000),
        prop::collection::vec(text, 0..2_000)
    ];
    (beginnings, rest).prop_map(|(beginning, rest)| [beginning, rest].concat())
}

/// What a file gives, unless it is refused.
async fn outcome(path: &Path) -> Option<Played> {
    Some(play(Replay::open([path], ReplayOptions::default(), &[]).ok()?).await)
}

proptest! {
    #[test]
    fn no_bytes_make_a_replay_panic_or_change_its_mind(bytes in bytes(), packing in 0..3) {
        let bytes = match packing {
            0 => bytes,
            1 => gzip(&bytes),
            _ => zstd(&bytes),
        };
        let files = Files::new();
        let path = files.write("file", &bytes);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let first = runtime.block_on(outcome(&path));
        prop_assert_eq!(&first, &runtime.block_on(outcome(&path)));
    }

    #[test]
    fn a_flipped_bit_costs_what_it_hits_and_is_told(at in 0_usize..100_000, bit in 0_u8..8) {
        let files = Files::new();
        let rows: Vec<String> = (0..200).map(|n| row("A", n, n + 1)).collect();
        let mut bytes = gzip([HEADER, &rows.concat()].concat().as_bytes());
        // Name, time and system in a gzip header say nothing about the content.
        let at = 10 + at % (bytes.len() - 10);
        bytes[at] ^= 1 << bit;
        let path = files.write("file", bytes);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        if let Some(played) = runtime.block_on(outcome(&path)) {
            prop_assert!(!played.unreadable.is_empty(), "the checksum does not fit any more");
        }
    }
}
