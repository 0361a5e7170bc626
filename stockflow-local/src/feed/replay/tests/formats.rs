use super::*;

fn csv() -> String {
    let rows: String =
        (0..100).map(|n| row(["A", "B"][n % 2], n as u32 / 3, n as u32 + 5)).collect();
    format!("{HEADER}{rows}")
}

#[tokio::test]
async fn every_packing_of_every_format_gives_the_same_quotes() {
    let files = Files::new();
    let plain = csv();
    let expected = play(open(&[files.write("plain", &plain)])).await.quotes;
    assert_eq!(expected.len(), 100);
    let lines = ndjson(&expected);
    for (name, text) in [("csv", plain.as_bytes()), ("ndjson", &lines)] {
        let (front, back) = text.split_at(text.len() / 3);
        for (packing, bytes) in [
            ("plain", text.to_vec()),
            ("gzip", gzip(text)),
            ("two members", [gzip(front), gzip(back)].concat()),
            ("zstd", zstd(text)),
            ("two frames", [zstd(front), zstd(back)].concat()),
            ("byte order mark", [b"\xef\xbb\xbf", text].concat()),
            ("no line feed at the end", text[..text.len() - 1].to_vec()),
            ("blank lines", [b"\n \n", text, b"\n\n"].concat()),
            ("carriage returns", String::from_utf8_lossy(text).replace('\n', "\r\n").into_bytes()),
        ] {
            // The name says nothing about the content.
            let played = play(open(&[files.write("file.bin", bytes)])).await;
            assert_eq!(played.quotes, expected, "{name}, {packing}");
            assert_eq!(played.unreadable, [], "{name}, {packing}");
        }
    }
}

#[tokio::test]
async fn a_lake_folder_is_read_by_day_and_name() {
    let files = Files::new();
    let quotes = play(open(&[files.write("plain", csv())])).await.quotes;
    let (front, back) = quotes.split_at(40);
    files.write("lake/dt=2013-10-08/local-0001.ndjson.zst", zstd(&ndjson(back)));
    files.write("lake/dt=2013-10-07/local-0002.ndjson.zst", zstd(&ndjson(&front[25..])));
    files.write("lake/dt=2013-10-07/local-0001.ndjson.zst", zstd(&ndjson(&front[..25])));
    files.write("lake/dt=2013-10-07/local-0003.ndjson.zst.tmp", "half an object");
    files.write("lake/other/local-0001.ndjson.zst", "not ours");
    assert_eq!(play(open(&[files.path().join("lake")])).await.quotes, quotes);
}

#[tokio::test]
async fn a_broken_object_of_a_lake_costs_no_other_object() {
    let files = Files::new();
    let quotes = play(open(&[files.write("plain", csv())])).await.quotes;
    files.write("lake/dt=2013-10-07/a.ndjson.zst", zstd(&ndjson(&quotes[..10])));
    files.write("lake/dt=2013-10-07/b.ndjson.zst", "\x28\u{0}\u{0}");
    let whole = zstd(&ndjson(&quotes[10..90]));
    files.write("lake/dt=2013-10-07/c.ndjson.zst", &whole[..whole.len() / 2]);
    // Unpacks to the last byte, and then the checksum differs.
    let mut flipped = gzip(&ndjson(&quotes[10..90]));
    let checksum = flipped.len() - 8;
    flipped[checksum] ^= 1;
    files.write("lake/dt=2013-10-07/c.ndjson.gz", flipped);
    files.write("lake/dt=2013-10-07/d.ndjson.zst", zstd(&ndjson(&quotes[90..])));
    let played = play(open(&[files.path().join("lake")])).await;
    assert_eq!(played.quotes, [&quotes[..10], &quotes[90..]].concat());
    let origins: Vec<&str> =
        played.unreadable.iter().map(|broken| broken.origin.split_once(':').unwrap().1).collect();
    assert_eq!(
        origins,
        ["b.ndjson.zst", "c.ndjson.gz", "c.ndjson.zst"].map(|n| format!("dt=2013-10-07/{n}"))
    );
}

#[tokio::test]
async fn malformed_lines_are_handed_on_with_their_number_and_reason() {
    let files = Files::new();
    let good = row("A", 1, 5);
    let long = "9".repeat(3 << 20);
    let text =
        format!("{HEADER}{good}what is this\n\n{good}\0\0\0\n{long}\n{good}\u{1F600},A,1\n{good}");
    let played = play(open(&[files.write("file", text)])).await;
    assert_eq!(played.quotes.len(), 4);
    let told: Vec<String> = played
        .unreadable
        .iter()
        .map(|broken| format!("{} {}", broken.origin.split_once(':').unwrap().1, broken.reason))
        .collect();
    assert_eq!(
        told,
        [
            "line 3 1 fields, the header has 8",
            "line 6 1 fields, the header has 8",
            "line 7 the line is longer than 1048576 bytes; its first 1024 are kept",
            "line 9 3 fields, the header has 8",
        ]
    );
    assert_eq!(&played.unreadable[0].data[..], b"what is this");
    assert_eq!(&played.unreadable[1].data[..], b"\0\0\0");
    assert_eq!(played.unreadable[2].data.len(), 1024);
}

#[tokio::test]
async fn malformed_objects_in_ndjson_are_handed_on() {
    let files = Files::new();
    let quote = play(open(&[files.write("plain", csv())])).await.quotes[0];
    let good = String::from_utf8(ndjson(&[quote])).unwrap();
    let wrong = good.replace("\"volume\":500", "\"volume\":\"500\"");
    assert_ne!(good, wrong);
    let text = format!("{{\"a\":1}}\n{good}{wrong}[1]\nnull\n{}\n{good}", "[".repeat(100_000));
    let played = play(open(&[files.write("file", text)])).await;
    assert_eq!(played.quotes, [quote, quote]);
    let told: Vec<&str> =
        played.unreadable.iter().map(|b| b.origin.split_once(':').unwrap().1).collect();
    assert_eq!(told, ["line 1", "line 3", "line 4", "line 5", "line 6"]);
}

#[tokio::test]
async fn a_torn_file_gives_all_that_is_whole_and_says_so() {
    let files = Files::new();
    let rows: String = (0..20_000).map(|n| row("A", n / 100, n * 7919 % 887 + 1)).collect();
    let text = format!("{HEADER}{rows}");
    let whole = play(open(&[files.write("plain", &text)])).await.quotes;
    for (name, mut bytes) in [("gzip", gzip(text.as_bytes())), ("zstd", zstd(text.as_bytes()))] {
        bytes.truncate(bytes.len() * 9 / 10);
        let played = play(open(&[files.write(name, bytes)])).await;
        assert!(played.quotes.len() > 5_000, "{name}: {}", played.quotes.len());
        assert_eq!(
            played.quotes,
            whole[..played.quotes.len()],
            "{name}: no row out of half a line"
        );
        let [torn] = &played.unreadable[..] else { panic!("{name}: {:?}", played.unreadable) };
        assert!(torn.reason.starts_with("the file is damaged here"), "{}", torn.reason);
        let line = format!("line {}", played.quotes.len() + 2);
        assert!(torn.origin.ends_with(&line), "{name}: {}", torn.origin);
    }
}
