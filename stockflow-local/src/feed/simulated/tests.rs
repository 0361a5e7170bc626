use stockflow_core::{Symbol, Volume};

use super::*;

async fn play(mut market: SimulatedMarket) -> Vec<Quote> {
    let mut quotes = Vec::new();
    while let Some(batch) = market.next_batch().await.unwrap() {
        quotes.extend(batch.quotes);
    }
    quotes
}

fn market(options: SimulatedOptions) -> SimulatedMarket {
    SimulatedMarket::new(7, options, &[]).unwrap()
}

fn fingerprint(quotes: &[Quote]) -> String {
    let mut hasher = blake3::Hasher::new();
    for quote in quotes {
        hasher.update(format!("{quote:?}\n").as_bytes());
    }
    hasher.finalize().to_hex()[..16].to_string()
}

#[tokio::test]
async fn the_quotes_of_a_seed_never_change() {
    let quotes = play(market(SimulatedOptions::default())).await;
    assert_eq!(
        fingerprint(&quotes),
        "21ffd7fd58f3e725",
        "if the generator has to change, count up its version"
    );
    let other = play(SimulatedMarket::with_seed(8, []).unwrap()).await;
    assert_ne!(fingerprint(&quotes), fingerprint(&other));
}

#[tokio::test]
async fn quotes_come_in_time_order_and_each_symbol_s_time_ascends() {
    for count in [1, 3, 20] {
        let symbols = default_symbols()[..count].to_vec();
        let market = market(SimulatedOptions { symbols, days: 2, ..SimulatedOptions::default() });
        let total = market.total_quotes();
        let quotes = play(market).await;
        assert_eq!(quotes.len() as u64, total);
        assert!(quotes.windows(2).all(|pair| pair[0].timestamp <= pair[1].timestamp));
        let mut last = std::collections::HashMap::new();
        for quote in &quotes {
            assert!(last.insert(quote.symbol, quote.timestamp) < Some(quote.timestamp));
        }
    }
}

#[tokio::test]
async fn days_skip_the_weekend_and_begin_at_yesterday_s_close() {
    let date = "2026-11-27".parse().unwrap();
    let symbols = default_symbols()[..2].to_vec();
    let market = market(SimulatedOptions { symbols, date, days: 2, ..SimulatedOptions::default() });
    let quotes = play(market).await;
    let friday = quotes.iter().rfind(|q| q.timestamp.date() == date).unwrap();
    let monday =
        quotes.iter().find(|q| q.symbol == friday.symbol && q.timestamp > friday.timestamp);
    let monday = monday.unwrap();
    assert_eq!(monday.timestamp.date().to_string(), "2026-11-30");
    assert_eq!(monday.previous_close, friday.price);
    assert!(monday.starts_session_after(friday));
}

#[tokio::test]
async fn a_quote_is_within_its_day_s_range_unless_it_is_a_planted_bad_print() {
    let market = market(SimulatedOptions { days: 3, ..SimulatedOptions::default() });
    let bad: Vec<PlantedEvent> =
        market.events().into_iter().filter(|event| event.kind == EventKind::BadPrint).collect();
    let quotes = play(market).await;
    let outside: Vec<&Quote> =
        quotes.iter().filter(|q| q.price > q.high || q.price < q.low).collect();
    assert_eq!(outside.len(), bad.len());
    for quote in outside {
        let of = |event: &&PlantedEvent| {
            event.symbol == quote.symbol && (event.start..event.end).contains(&quote.timestamp)
        };
        assert_eq!(bad.iter().filter(of).count(), 1);
    }
}

#[tokio::test]
async fn range_and_volume_of_a_day_only_grow() {
    let quotes = play(market(SimulatedOptions::default())).await;
    for symbol in default_symbols() {
        let of: Vec<&Quote> = quotes.iter().filter(|q| q.symbol == symbol).collect();
        assert_eq!(of[0].open, of[0].price);
        for pair in of.windows(2) {
            assert!(pair[1].high >= pair[0].high && pair[1].low <= pair[0].low);
            assert!(pair[1].volume >= pair[0].volume && pair[1].open == pair[0].open);
        }
        assert!(of.last().unwrap().volume > Volume::new(1_000_000).unwrap());
    }
}

/// The quotes of an event's symbol from its start to its end, with the one before.
fn during(quotes: &[Quote], event: &PlantedEvent) -> (Quote, Vec<Quote>) {
    let of = |q: &&Quote| q.symbol == event.symbol;
    let before = *quotes.iter().rfind(|q| of(q) && q.timestamp < event.start).unwrap();
    let inside = quotes
        .iter()
        .filter(|q| of(q) && q.timestamp >= event.start && q.timestamp < event.end)
        .copied()
        .collect();
    (before, inside)
}

#[tokio::test]
async fn every_planted_event_is_in_the_quotes() {
    for seed in [7, 11] {
        let market = SimulatedMarket::with_seed(seed, []).unwrap();
        let events = market.events();
        let quotes = play(market).await;
        for event in &events {
            let (before, inside) = during(&quotes, event);
            let percent = |q: &Quote| 100.0 * (q.price.to_f64() / before.price.to_f64() - 1.0);
            let far = |f: &dyn Fn(&Quote) -> f64| inside.iter().map(f).fold(f64::MIN, f64::max);
            match event.kind {
                EventKind::Spike | EventKind::BadPrint | EventKind::Crash => {
                    let reached = far(&|q| percent(q) * event.size.signum());
                    assert!(reached > event.size.abs() * 0.8, "{event}: {reached}");
                }
                EventKind::Halt => {
                    let same = |q: &Quote| Quote { timestamp: before.timestamp, ..*q } == before;
                    assert!(inside.len() > 25 && inside.iter().all(same), "{event}");
                }
                EventKind::FeedGap => assert!(inside.is_empty(), "{event}"),
                EventKind::VolumeBurst => {
                    let traded = inside.last().unwrap().volume_since(&before) as f64;
                    let usual = before.volume.get() as f64
                        / before
                            .timestamp
                            .since(
                                event
                                    .start
                                    .date()
                                    .start()
                                    .saturating_add(SimulatedOptions::default().open),
                            )
                            .as_secs_f64();
                    let factor = traded / (usual * 10.0 * inside.len() as f64);
                    assert!(factor > 4.0, "{event}: {factor}");
                }
                EventKind::TrendTurn => {
                    let turn = inside.iter().find(|q| q.timestamp >= event.cause).unwrap();
                    let there = percent(turn) * -event.size.signum();
                    let back = 100.0
                        * (inside.last().unwrap().price.to_f64() / turn.price.to_f64() - 1.0)
                        * event.size.signum();
                    assert!(there > event.size.abs() * 0.5, "{event}: {there}");
                    assert!(back > event.size.abs() * 0.5, "{event}: {back}");
                }
                kind => panic!("{kind} is not dealt out"),
            }
        }
    }
}

#[tokio::test]
async fn going_on_at_any_batch_gives_the_rest_of_the_quotes() {
    let symbols: Vec<Symbol> = default_symbols()[..4].to_vec();
    let interval = Duration::from_secs(60);
    let options = || SimulatedOptions {
        symbols: symbols.clone(),
        interval,
        batch: 97,
        days: 2,
        ..SimulatedOptions::default()
    };
    let whole = play(market(options())).await;
    let mut first = market(options());
    let mut delivered = 0;
    while let Some(batch) = first.next_batch().await.unwrap() {
        delivered += batch.quotes.len();
        let rest = play(SimulatedMarket::new(7, options(), &batch.cursors).unwrap()).await;
        assert_eq!(rest, whole[delivered..]);
    }
    assert_eq!(delivered, whole.len());
}

#[test]
fn a_cursor_of_another_feed_does_not_matter_and_a_broken_one_is_refused() {
    let mut cursor = Cursor { feed: "sim:7:0".into(), offset: "12".into() };
    assert_eq!(SimulatedMarket::with_seed(7, [cursor.clone()]).unwrap().delivered, 0);
    cursor.feed = SimulatedOptions::default().feed(7);
    assert_eq!(SimulatedMarket::with_seed(7, [cursor.clone()]).unwrap().delivered, 12);
    cursor.offset = "many".into();
    assert_eq!(SimulatedMarket::with_seed(7, [cursor]).unwrap_err().value, "many");
}
