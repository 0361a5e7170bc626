//! `stockflow redrive`, killed in each of its steps and started again, leaves what an undisturbed one leaves.

use std::{
    collections::{BTreeMap, BTreeSet},
    os::unix::process::ExitStatusExt as _,
    sync::Arc,
    time::{Duration, Instant},
};

use stockflow_core::{
    Position, Processor, RecordBatch, Rules, StreamRecord,
    memory::{MemoryArchive, MemoryTable},
    wire,
};

use super::{
    account, given_up, on_the_stream,
    proxy::{self, Aim, Moment, Step},
};
use crate::world::{Account, err, line};

#[path = "../../kill/dice.rs"]
mod dice;
use dice::Dice;

/// Least kills in all.
const KILLS: u64 = 60;
/// Least kills in each moment of each step.
const KILLS_A_MOMENT: u64 = 3;

const STEPS: [Step; 5] = [Step::List, Step::Read, Step::LookAtNote, Step::Send, Step::Note];
const MOMENTS: [Moment; 3] = [Moment::Asked, Moment::Done, Moment::Told];

const FROM: &str = "aws/lambda";

/// Seven objects of two symbols, in the order of time, with records that cannot be read, one that is no matter of stage 1, and one
/// that is no such object: how many quotes there are.
async fn fill(account: &Account) -> usize {
    let mut volume = 0;
    for number in 0..5 {
        let quote = |place: u64| {
            let second = number * 4 + place;
            let symbol = if place.is_multiple_of(2) { "AAPL" } else { "IBM" };
            let price = if second == 17 { 119.0 } else { 100.0 + (second % 3) as f64 / 4.0 };
            line(symbol, &format!("2026-11-23T14:30:{second:02}Z"), price, 100 + second)
        };
        let quotes = [0, 1, 2, 3].map(quote);
        let mut data: Vec<&[u8]> = quotes.iter().map(|quote| quote.trim().as_bytes()).collect();
        data.insert(2, b"never a quote");
        volume += quotes.len();
        account.keep(&format!("{FROM}/{number}"), given_up(&data).as_bytes()).await;
    }
    let changes = br#"{"DDBStreamBatchInfo":{},"payload":"{\"Records\":[]}"}"#;
    account.keep(&format!("{FROM}/1-changes"), changes).await;
    account.keep(&format!("{FROM}/2-notes"), b"hello").await;
    volume
}

/// What stage 1 makes of a stream: rows with verdicts, and lines of the lake with how often each is there.
async fn judged(stream: &[String]) -> (BTreeSet<String>, BTreeMap<String, usize>) {
    let arrival = "2026-11-24T00:00:00Z".parse().unwrap();
    let record = |(number, data): (u64, &String)| StreamRecord {
        position: Position::new(number.into()),
        arrival,
        data: data.clone().into(),
    };
    let records: Vec<StreamRecord> = (1..).zip(stream).map(record).collect();
    let (table, lake) = (Arc::new(MemoryTable::new()), Arc::new(MemoryArchive::new()));
    let rules = Rules::default_set();
    let mut stage = Processor::new(&rules, table.clone(), lake.clone(), lake.clone());
    for part in records.chunks(7) {
        let batch = RecordBatch { shard: "shard".into(), records: part.to_vec() };
        stage.process(&batch).await.unwrap().report.into_result().unwrap();
    }
    let mut lines = BTreeMap::new();
    for object in lake.lines() {
        for line in object.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            *lines.entry(String::from_utf8(line.to_vec()).unwrap()).or_default() += 1;
        }
    }
    let row = |stored: stockflow_core::StoredRow| {
        let mut json = Vec::new();
        wire::encode_row(&stored.row, &mut json);
        String::from_utf8(json).unwrap()
    };
    (table.snapshot().into_iter().map(row).collect(), lines)
}

/// How often the program died where.
#[derive(Default)]
struct Tally {
    kills: u64,
    by_moment: BTreeMap<(Step, Moment), u64>,
}

impl Tally {
    fn wanting(&self) -> Vec<(Step, Moment)> {
        let all = STEPS.iter().flat_map(|step| MOMENTS.map(|moment| (*step, moment)));
        let enough =
            |at: &(Step, Moment)| self.by_moment.get(at).is_some_and(|n| *n >= KILLS_A_MOMENT);
        all.filter(|at| !enough(at)).collect()
    }

    fn is_enough(&self) -> bool {
        self.kills >= KILLS && self.wanting().is_empty()
    }

    /// `span` is how long an undisturbed redrive takes.
    fn aim(&self, dice: &mut Dice, span: Duration) -> Aim {
        let wanting = self.wanting();
        if self.is_enough() {
            return Aim::Never;
        }
        if wanting.is_empty() || dice.happens(15) {
            return Aim::After(Duration::from_micros(dice.below(span.as_micros() as u64 + 1)));
        }
        let (step, moment) = wanting[dice.below(wanting.len() as u64) as usize];
        let most = if step == Step::List { 1 } else { 3 };
        let later = Duration::from_micros(dice.below(3_000));
        Aim::At { step, moment, nth: 1 + dice.below(most), later }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_in_each_step_and_started_again_it_leaves_what_an_undisturbed_one_leaves() {
    let redrive = |account: &Account, aim: Aim| {
        let from = format!("s3://{}/{FROM}", account.bucket);
        proxy::run(account.command(&["redrive", &from]), aim)
    };
    let undisturbed = account().await;
    let quotes = fill(&undisturbed).await;
    let begin = Instant::now();
    let (output, unnoted) = redrive(&undisturbed, Aim::Never);
    let span = begin.elapsed();
    check(&output, quotes, 0);
    assert_eq!(unnoted, 0);
    let stream = on_the_stream(&undisturbed);
    let (rows, lake) = judged(&stream).await;
    assert_eq!((stream.len(), rows.len(), lake.len()), (quotes, quotes, quotes));
    assert!(rows.iter().any(|row| row.contains("\"anomalies\":[{")), "there is a verdict to lose");

    let (mut tally, mut dice) = (Tally::default(), Dice::new(5));
    let (mut rounds, mut again) = (0, 0);
    while !tally.is_enough() {
        rounds += 1;
        assert!(rounds < 200, "some moment is hardly ever hit: {:?}", tally.wanting());
        let account = account().await;
        fill(&account).await;
        let mut twice = 0;
        loop {
            let aim = tally.aim(&mut dice, span);
            let (output, unnoted) = redrive(&account, aim);
            if output.status.signal().is_none() {
                // It came to its end before the aim; an object cannot be read, as ever.
                assert_eq!(output.status.code(), Some(1), "{}", err(&output));
                assert_eq!(unnoted, 0);
                break;
            }
            tally.kills += 1;
            if let Aim::At { step, moment, .. } = aim {
                *tally.by_moment.entry((step, moment)).or_default() += 1;
            }
            twice += unnoted;
        }
        let (output, _) = redrive(&account, Aim::Never);
        check(&output, 0, quotes);
        let stream = on_the_stream(&account);
        assert_eq!(stream.len(), quotes + twice, "what was not noted is sent again, and no more");
        let (rows_now, lake_now) = judged(&stream).await;
        assert_eq!(rows_now, rows, "round {rounds}");
        assert!(lake_now.keys().eq(lake.keys()), "round {rounds}");
        again += twice;
    }
    let Tally { kills, by_moment } = tally;
    println!(
        "{kills} kills in {rounds} rounds, {again} records twice on the stream; undisturbed {span:?}; {by_moment:?}"
    );
}

/// What is told of a redrive that ended by itself: each thing that is bad, each time.
fn check(output: &std::process::Output, sent: usize, noted: usize) {
    let told = err(output);
    assert_eq!(output.status.code(), Some(1), "{told}");
    let sums = format!(
        "5 objects: {sent} quotes sent, 5 records left that cannot be read, {noted} sent before"
    );
    assert!(told.contains(&sums), "{told}");
    for number in 0..5 {
        assert!(told.contains(&format!("left: {FROM}/{number}, record 2: ")), "{told}");
    }
    assert!(told.contains(&format!("passed over: {FROM}/1-changes")), "{told}");
    assert!(told.contains(&format!("left: {FROM}/2-notes: neither")), "{told}");
}
