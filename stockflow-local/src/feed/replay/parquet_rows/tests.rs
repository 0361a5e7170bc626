//! Parquet of others, and compacted lakes.

use std::{fs, fs::File, path::Path, sync::Arc};

use arrow_array::{
    ArrayRef, Float64Array, Int32Array, RecordBatch, StringArray, TimestampMillisecondArray,
};
use arrow_schema::Schema;
use parquet::arrow::ArrowWriter;
use stockflow_core::{
    Archive as _, Object, ObjectName, Position, QuoteSource as _, SourceBatch, wire,
};

use super::*;
use crate::{Compactor, Lake, Replay, ReplayOptions};

fn write(path: &Path, columns: Vec<(&str, ArrayRef)>) {
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let schema: Arc<Schema> = batch.schema();
    let mut writer = ArrowWriter::try_new(File::create(path).unwrap(), schema, None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

async fn play(path: &Path) -> SourceBatch {
    let mut replay = Replay::open([path], ReplayOptions::default(), &[]).unwrap();
    let mut all = SourceBatch::default();
    while let Some(batch) = replay.next_batch().await.unwrap() {
        all.quotes.extend(batch.quotes);
        all.unreadable.extend(batch.unreadable);
    }
    all
}

fn columns() -> Vec<(&'static str, ArrayRef)> {
    let price = || Arc::new(Float64Array::from(vec![Some(10.1), Some(10.25), None])) as ArrayRef;
    let time = 1_795_444_200_000_i64;
    vec![
        ("volume", Arc::new(Int32Array::from(vec![5, 6, 7])) as ArrayRef),
        ("other", Arc::new(StringArray::from(vec!["x", "y", "z"])) as ArrayRef),
        ("symbol", Arc::new(StringArray::from(vec!["A", "A", "A"])) as ArrayRef),
        (
            "timestamp",
            Arc::new(TimestampMillisecondArray::from(vec![time, time, time + 1])) as ArrayRef,
        ),
        ("open", price()),
        ("high", price()),
        ("low", price()),
        ("price", price()),
        (
            "previous_close",
            Arc::new(StringArray::from(vec!["10", "10.00000001", "10"])) as ArrayRef,
        ),
    ]
}

#[tokio::test]
async fn columns_of_any_order_and_type_are_read_and_ticks_of_one_time_are_numbered() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("quotes.parquet");
    write(&path, columns());
    let played = play(&path).await;
    let texts: Vec<String> = played
        .quotes
        .iter()
        .map(|q| {
            format!(
                "{} {} {} {}",
                &q.timestamp.to_string()[17..],
                q.price,
                q.previous_close,
                q.volume
            )
        })
        .collect();
    assert_eq!(texts, ["00.000000Z 10.1 10 5", "00.000001Z 10.25 10.00000001 6"]);
    assert_eq!(played.unreadable.len(), 1);
    assert!(played.unreadable[0].origin.ends_with(":row 3"), "{:?}", played.unreadable);
    assert!(played.unreadable[0].reason.contains("open"), "{:?}", played.unreadable);
}

#[test]
fn a_file_without_the_columns_of_quotes_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("quotes.parquet");
    for missing in ["symbol", "price", "timestamp"] {
        write(&path, columns().into_iter().filter(|(name, _)| *name != missing).collect());
        let error = Replay::open([&path], ReplayOptions::default(), &[]).unwrap_err();
        assert!(error.to_string().contains(missing), "{error}");
    }
    fs::write(&path, b"PAR1 and no more").unwrap();
    assert!(Replay::open([&path], ReplayOptions::default(), &[]).is_err());
}

fn line(symbol: &str, second: u32) -> String {
    format!(
        "{{\"symbol\":\"{symbol}\",\"open\":1,\"high\":1,\"low\":1,\"price\":1,\"previous_close\":1,\"change\":0,\
         \"change_percent\":0,\"volume\":{second},\"timestamp\":\"2026-11-23T14:30:{second:02}.000000Z\"}}\n"
    )
}

async fn put(data: &Path, number: u64, lines: String) {
    let name = ObjectName {
        dt: "2026-11-23".parse().unwrap(),
        shard: "spool-0".into(),
        first: Position::new(number.into()),
    };
    Lake::open(data.join("lake")).unwrap().put(Object { name, lines: lines.into() }).await.unwrap();
}

fn seen(played: &SourceBatch) -> Vec<String> {
    let mut texts: Vec<String> = Vec::new();
    for quote in &played.quotes {
        let mut json = Vec::new();
        wire::encode(quote, &mut json);
        texts.push(String::from_utf8(json).unwrap());
    }
    texts
}

#[tokio::test]
async fn a_compacted_lake_gives_the_quotes_of_its_objects_once_and_by_time() {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    put(folder.path(), 1, line("B", 1) + &line("A", 2)).await;
    put(folder.path(), 3, line("B", 3) + &line("A", 4)).await;
    let before = seen(&play(&lake).await);
    assert_eq!(before.len(), 4);

    let compactor = Compactor::open(folder.path()).unwrap();
    let reader = hold(&lake);
    assert!(
        compactor.compact("2026-11-23".parse().unwrap()).unwrap().kept,
        "objects are still there"
    );
    assert_eq!(seen(&play(&lake).await), before);
    drop(reader);
    compactor.compact("2026-11-23".parse().unwrap()).unwrap();
    assert_eq!(seen(&play(&lake).await), before);

    put(folder.path(), 5, line("B", 5)).await;
    assert_eq!(seen(&play(&lake).await), [before, seen_line("B", 5)].concat());
}

fn seen_line(symbol: &str, second: u32) -> Vec<String> {
    vec![line(symbol, second).trim().to_owned()]
}

#[tokio::test]
async fn a_damaged_compacted_file_is_told_and_the_rest_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    put(folder.path(), 1, line("B", 1) + &line("A", 2)).await;
    Compactor::open(folder.path()).unwrap().compact("2026-11-23".parse().unwrap()).unwrap();
    put(folder.path(), 3, line("B", 3)).await;
    let day = lake.join("dt=2026-11-23");
    let names = fs::read_dir(&day).unwrap().map(|entry| entry.unwrap().path());
    let file =
        names.into_iter().find(|path| path.extension().is_some_and(|e| e == "parquet")).unwrap();
    let mut bytes = fs::read(&file).unwrap();
    bytes[50] ^= 1;
    fs::write(&file, bytes).unwrap();
    let played = play(&lake).await;
    assert_eq!(seen(&played), seen_line("B", 3));
    assert!(played.unreadable[0].origin.contains("compacted-"), "{:?}", played.unreadable);
}
