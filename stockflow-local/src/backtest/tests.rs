use stockflow_core::{
    Alert, AlertId, AnomalyDetector, Rule, anomaly::ReturnZScore, memory::MemorySource,
};

use super::*;
use crate::{AlertQuery, Pipeline, SimulatedMarket};

fn ids<'a>(alerts: impl IntoIterator<Item = &'a Alert>) -> Vec<AlertId> {
    let mut ids: Vec<AlertId> = alerts.into_iter().map(Alert::id).collect();
    ids.sort_unstable();
    ids
}

async fn tested(rules: &Rules) -> Backtest {
    let mut tests = [Backtest::new(rules).with_charts()];
    let market = SimulatedMarket::with_seed(7, []).unwrap();
    let mut heard = 0;
    run(Box::new(market), &mut tests, |quotes| heard = quotes).await.unwrap();
    let [test] = tests;
    assert_eq!(heard, test.tally().quotes());
    test
}

#[tokio::test]
async fn it_tells_what_a_run_over_the_same_quotes_tells() {
    let rules = Rules::default_set();
    let test = tested(&rules).await;
    let folder = tempfile::tempdir().unwrap();
    let mut pipeline = Pipeline::open(folder.path(), rules).unwrap();
    let market = SimulatedMarket::with_seed(7, []).unwrap();
    pipeline = pipeline.with_earliest_arrival(market.ends());
    let summary = pipeline.run(Box::new(market), std::future::pending()).await.unwrap();
    let told = pipeline.alerts(&AlertQuery::default()).unwrap();
    assert_eq!(ids(test.alerts()), ids(told.iter().map(|entry| &entry.alert)));
    assert!(!test.alerts().is_empty());
    // Findings that were not told are counted as well.
    let anomalies: u64 = summary.anomalies.values().chain(summary.turns.values()).sum();
    let found: u64 = test.tally().by_rule().values().map(|count| count.findings).sum();
    assert_eq!(found, anomalies);
}

#[tokio::test]
async fn counts_charts_and_alerts_agree() {
    let test = tested(&Rules::default_set()).await;
    let rows = test.tally().rows();
    let alerts: u64 = rows.iter().map(|row| row.count.alerts).sum();
    assert_eq!(alerts, test.alerts().len() as u64);
    let told: usize = test
        .charts()
        .map(|(symbol, chart)| {
            assert!(chart.marks.iter().all(|mark| mark.alert.symbol == symbol));
            chart.marks.iter().filter(|mark| mark.told).count()
        })
        .sum();
    assert_eq!(told as u64, alerts);
    let drawn: u64 =
        test.charts().flat_map(|(_, chart)| chart.bars.bars()).map(|bar| bar.quotes).sum();
    assert_eq!(drawn, test.tally().quotes());
    assert_eq!(test.tally().symbol_days(), 20);
}

#[tokio::test]
async fn late_quotes_and_repeated_ones_are_counted_and_change_nothing() {
    let mut market = SimulatedMarket::with_seed(7, []).unwrap();
    let (symbol, mut quotes) = (crate::default_symbols()[0], Vec::new());
    while let Some(batch) = market.next_batch().await.unwrap() {
        quotes.extend(batch.quotes.into_iter().filter(|q| q.symbol == symbol));
    }
    let mut twice = quotes.clone();
    twice.insert(500, quotes[3]);
    twice.insert(900, quotes[898]);
    let mut tests = [Backtest::new(&Rules::default_set()), Backtest::new(&Rules::default_set())];
    tests[0].observe(&quotes);
    tests[1].observe(&twice);
    assert_eq!(ids(tests[0].alerts()), ids(tests[1].alerts()));
    assert_eq!(tests[1].tally().late_quotes(), 2);
    assert_eq!(tests[1].tally().quotes(), quotes.len() as u64 + 2);
}

#[tokio::test]
async fn a_source_that_fails_is_an_error() {
    #[derive(Debug)]
    struct Broken;
    #[async_trait::async_trait]
    impl QuoteSource for Broken {
        async fn next_batch(&mut self) -> Result<Option<stockflow_core::SourceBatch>> {
            Err(stockflow_core::Error::new(stockflow_core::ErrorKind::Corrupt, "test", "read"))
        }
    }
    assert!(run(Box::new(Broken), &mut [], |_| {}).await.is_err());
    let nothing = MemorySource::new(Vec::new());
    assert!(run(Box::new(nothing), &mut [], |_| {}).await.is_ok());
}

/// What the page's script reads.
fn data_of(page: &str) -> serde_json::Value {
    let start = page.find("id=\"data\">").unwrap() + "id=\"data\">".len();
    serde_json::from_str(&page[start..start + page[start..].find("</script>").unwrap()]).unwrap()
}

#[tokio::test]
async fn a_page_holds_everything_and_asks_for_nothing() {
    let hostile: Rule<dyn AnomalyDetector> =
        Rule::new("</script><b>@@page.js@@", Severity::Warning, |_| {
            ReturnZScore::new(20, 4.0).ok().map(|detector| Box::new(detector) as _)
        });
    let test = tested(&Rules::default_set().with_anomaly(hostile)).await;
    let page = page(&test, "a </script> of a file");
    for asks in ["src=", "href=", "import ", "@import", "fetch(", "url("] {
        assert!(!page.contains(asks), "{asks}");
    }
    assert_eq!(page.matches("</script>").count(), 3);
    assert_eq!(page.matches("<b>").count(), 0);
    assert!(!page.replace("@@page.js@@", "").contains("@@"));
    let data = data_of(&page);
    assert_eq!(data["source"], "a </script> of a file");
    assert_eq!(data["charts"].as_array().unwrap().len(), 20);
    let found: u64 = test.tally().by_rule().values().map(|count| count.findings).sum();
    assert_eq!(data["findings"].as_array().unwrap().len() as u64, found);
}
