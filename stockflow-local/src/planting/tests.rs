use stockflow_core::{Price, Timestamp, Volume};

use super::*;

/// A day of 390 minutes: a cent up and down, a hundred and three hundred shares.
fn day() -> Vec<Quote> {
    let start: Timestamp = "2026-11-23T14:30:00Z".parse().unwrap();
    let price = |cents: i64| Price::from_units(cents * 1_000_000).unwrap();
    let quote = |i: i64| Quote {
        symbol: "A".parse().unwrap(),
        timestamp: start.saturating_add(std::time::Duration::from_secs(60 * i as u64)),
        open: price(10_000),
        high: price(10_001),
        low: price(10_000),
        price: price(10_000 + i % 2),
        previous_close: price(10_000),
        volume: Volume::new(200 * i - 100 * (i % 2)).unwrap(),
    };
    (0..390).map(quote).collect()
}

fn planted(kind: EventKind, size: f64, up: bool) -> (Vec<Quote>, PlantedEvent) {
    let mut quotes = day();
    let event = Planting { kind, at: 100, size, up }.plant(&mut quotes).unwrap();
    (quotes, event)
}

fn cents(quote: &Quote) -> i64 {
    quote.price.units() / 1_000_000
}

#[test]
fn what_is_usual_is_that_of_the_hour_before() {
    let local = Local::before(&day(), 100);
    assert!((local.deviation - 1e-4).abs() < 1e-7, "{local:?}");
    assert!((local.volume_deviation - 100.0).abs() < 1.0, "{local:?}");
}

#[test]
fn a_move_is_so_many_deviations_and_the_range_follows() {
    let (quotes, event) = planted(EventKind::LevelJump, 20.0, false);
    assert_eq!(
        (cents(&quotes[99]), cents(&quotes[100]), cents(&quotes[389])),
        (10_001, 9_980, 9_981)
    );
    assert_eq!(quotes[100].low, quotes[100].price);
    assert_eq!((event.direction, event.start), (Direction::Down, quotes[100].timestamp));
    let (quotes, event) = planted(EventKind::SlowDrift, 10.0, true);
    assert_eq!(cents(&quotes[129]) - 10_001, 55, "ten times the root of 30");
    assert_eq!(event.end, quotes[130].timestamp);
    assert_eq!(quotes[389].high, quotes[389].high.max(quotes[389].price));
}

#[test]
fn what_comes_back_is_back() {
    for kind in [EventKind::BadPrint, EventKind::Spike, EventKind::Crash, EventKind::TrendTurn] {
        let (quotes, event) = planted(kind, 10.0, true);
        let end = quotes.iter().position(|quote| quote.timestamp == event.end).unwrap();
        let same = |i: usize| quotes[i].price == day()[i].price;
        assert!((end..390).all(same), "{kind}");
        assert!((100..end).any(|i| !same(i)), "{kind}");
        assert!((0..100).all(|i| quotes[i] == day()[i]), "{kind}");
    }
    let (quotes, _) = planted(EventKind::BadPrint, 10.0, true);
    assert_eq!(quotes[100].high, day()[100].high, "nobody traded at a bad print");
    let (quotes, event) = planted(EventKind::TrendTurn, 10.0, true);
    assert_eq!((event.direction, event.cause), (Direction::Down, quotes[160].timestamp));
}

#[test]
fn volume_halts_gaps_and_splits_are_what_they_say() {
    let (quotes, _) = planted(EventKind::VolumeBurst, 6.0, true);
    let extra = |i: usize| quotes[i].volume.get() - day()[i].volume.get();
    assert_eq!((extra(99), extra(389)), (0, extra(104)));
    assert!((extra(104) - 3_000).abs() < 30, "five quotes, 600 each: {}", extra(104));

    let (quotes, event) = planted(EventKind::Halt, 10.0, true);
    assert!(
        (100..110)
            .all(|i| (quotes[i].price, quotes[i].volume) == (quotes[99].price, quotes[99].volume))
    );
    assert_ne!(quotes[110].volume, quotes[99].volume);
    assert_eq!(event.end, quotes[110].timestamp);

    let (quotes, event) = planted(EventKind::FeedGap, 10.0, true);
    assert_eq!(quotes.len(), 380);
    assert_eq!(quotes[100].timestamp, event.end);

    let mut quotes = day();
    Planting { kind: EventKind::Split, at: 0, size: 4.0, up: false }.plant(&mut quotes).unwrap();
    assert_eq!((cents(&quotes[0]), cents(&quotes[389])), (2_500, 2_500));
    assert_eq!(quotes[0].previous_close, day()[0].previous_close);
    assert_eq!(quotes[389].volume.get(), 4 * day()[389].volume.get());
}

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    for planting in [
        Planting { kind: EventKind::LevelJump, at: 60, size: 6.0, up: true },
        Planting { kind: EventKind::SlowDrift, at: 370, size: 6.0, up: true },
        Planting { kind: EventKind::Halt, at: 380, size: 30.0, up: true },
        Planting { kind: EventKind::Spike, at: 100, size: 0.0, up: true },
        Planting { kind: EventKind::Spike, at: 100, size: f64::NAN, up: true },
        Planting { kind: EventKind::Split, at: 400, size: 2.0, up: true },
    ] {
        let mut quotes = day();
        assert!(planting.plant(&mut quotes).is_err(), "{planting:?}");
        assert_eq!(quotes, day());
    }
}
