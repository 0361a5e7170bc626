use super::*;

fn refused(path: &Path) -> String {
    let error = Replay::open([path], ReplayOptions::default(), &[]).unwrap_err();
    let text = error.to_string();
    assert!(text.contains(&path.display().to_string()), "{text}");
    text.replace(&path.display().to_string(), "FILE")
}

#[test]
fn what_is_of_no_format_is_refused_with_what_was_expected_and_found() {
    let files = Files::new();
    let garbage: Vec<u8> = (0..5_000_u32).map(|n| (n * n % 251) as u8).collect();
    let no_close = "timestamp,symbol,open,high,low,price,volume\n1,2,3,4,5,6,7\n";
    let mut torn = gzip(garbage.as_slice());
    torn.truncate(12);
    for (bytes, found) in [
        (Vec::new(), "found an empty file"),
        (b" \n\r\n\t".to_vec(), "found no line with anything on it"),
        (gzip(b""), "found no line with anything on it"),
        (zstd(b"\n\n"), "found no line with anything on it"),
        (garbage.clone(), "without the column timestamp"),
        (gzip(&garbage), "without the column timestamp"),
        (torn, "found damage before the end of the first line"),
        ([b"\x1f\x8b".as_slice(), &garbage].concat(), "found damage"),
        (no_close.into(), "without the column previous_close"),
        (b"{\n  \"symbol\": \"A\"\n}\n".to_vec(), "found \"{\", which is not one JSON object"),
        (b"{\"symbol\": \n".to_vec(), "which is not one JSON object on a line"),
        (b"[{\"symbol\": \"A\"}]".to_vec(), "which is not one JSON object on a line"),
        (vec![b'a'; 2 << 20], "found a line of more than 1048576 bytes"),
        (gzip(b"PAR1 and so on"), "found Parquet inside a compressed file"),
    ] {
        let text = refused(&files.write("file", bytes));
        assert!(text.contains("expected a CSV header with the columns timestamp,symbol"), "{text}");
        assert!(text.contains(found), "{text}");
    }
}

#[test]
fn what_is_not_there_or_no_file_is_refused() {
    let files = Files::new();
    let missing = files.path().join("missing.csv");
    assert_eq!(refused(&missing), "FILE cannot be read");
    std::fs::create_dir(files.path().join("empty")).unwrap();
    let text = refused(&files.path().join("empty"));
    assert!(text.contains("expected a lake folder"), "{text}");
}

#[test]
fn a_broken_cursor_is_refused() {
    let files = Files::new();
    let path = files.write("1", [HEADER, &row("A", 1, 1)].concat());
    let feed = open(std::slice::from_ref(&path)).inputs[0].feed.clone();
    let cursors = [Cursor { feed, offset: "half".into() }];
    let error = Replay::open([&path], ReplayOptions::default(), &cursors).unwrap_err();
    assert!(matches!(error, ReplayError::Cursor { .. }), "{error}");
}
