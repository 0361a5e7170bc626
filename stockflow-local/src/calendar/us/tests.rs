use std::{collections::BTreeSet, io::Read as _};

use super::*;

/// As the exchange published them, by year.
const HOLIDAYS: &[(i32, &str)] = &[
    (2015, "01-01 01-19 02-16 04-03 05-25 07-03 09-07 11-26 12-25"),
    (2016, "01-01 01-18 02-15 03-25 05-30 07-04 09-05 11-24 12-26"),
    (2017, "01-02 01-16 02-20 04-14 05-29 07-04 09-04 11-23 12-25"),
    (2018, "01-01 01-15 02-19 03-30 05-28 07-04 09-03 11-22 12-05 12-25"),
    (2019, "01-01 01-21 02-18 04-19 05-27 07-04 09-02 11-28 12-25"),
    (2020, "01-01 01-20 02-17 04-10 05-25 07-03 09-07 11-26 12-25"),
    (2021, "01-01 01-18 02-15 04-02 05-31 07-05 09-06 11-25 12-24"),
    (2022, "01-17 02-21 04-15 05-30 06-20 07-04 09-05 11-24 12-26"),
    (2023, "01-02 01-16 02-20 04-07 05-29 06-19 07-04 09-04 11-23 12-25"),
    (2024, "01-01 01-15 02-19 03-29 05-27 06-19 07-04 09-02 11-28 12-25"),
    (2025, "01-01 01-09 01-20 02-17 04-18 05-26 06-19 07-04 09-01 11-27 12-25"),
    (2026, "01-01 01-19 02-16 04-03 05-25 06-19 07-03 09-07 11-26 12-25"),
    (2027, "01-01 01-18 02-15 03-26 05-31 06-18 07-05 09-06 11-25 12-24"),
    (2028, "01-17 02-21 04-14 05-29 06-19 07-04 09-04 11-23 12-25"),
];
const SHORT_DAYS: &[(i32, &str)] = &[
    (2015, "11-27 12-24"),
    (2016, "11-25"),
    (2017, "07-03 11-24"),
    (2018, "07-03 11-23 12-24"),
    (2019, "07-03 11-29 12-24"),
    (2020, "11-27 12-24"),
    (2021, "11-26"),
    (2022, "11-25"),
    (2023, "07-03 11-24"),
    (2024, "07-03 11-29 12-24"),
    (2025, "07-03 11-28 12-24"),
    (2026, "11-27 12-24"),
    (2027, "11-26"),
    (2028, "07-03 11-24"),
];

fn date(text: &str) -> Date {
    format!("{text}T00:00:00Z").parse::<Timestamp>().unwrap().date()
}

fn days(year: i32) -> impl Iterator<Item = Date> {
    let start = date(&format!("{year}-01-01")).start();
    (0..366)
        .map(move |day| start.saturating_add(Duration::from_secs(day * 86_400)).date())
        .filter(move |date| date.year_month_day().0 == year)
}

fn listed(year: i32, table: &[(i32, &str)]) -> BTreeSet<String> {
    let of = table.iter().find(|(y, _)| *y == year).unwrap().1;
    of.split(' ').map(|day| format!("{year}-{day}")).collect()
}

#[test]
fn holidays_and_short_days_are_those_that_were_published() {
    for &(year, _) in HOLIDAYS {
        let weekdays = days(year).filter(|date| Day::of(*date).weekday < SATURDAY);
        let (mut closed, mut short) = (BTreeSet::new(), BTreeSet::new());
        for day in weekdays {
            match UsEquities::session(day) {
                None => drop(closed.insert(day.to_string())),
                Some((start, end)) if end.since(start) < Duration::from_secs(6 * 3_600) => {
                    short.insert(day.to_string());
                }
                Some(_) => {}
            }
        }
        assert_eq!(closed, listed(year, HOLIDAYS));
        assert_eq!(short, listed(year, SHORT_DAYS));
    }
}

#[test]
fn sessions_follow_the_clock_in_new_york() {
    for (day, start, end) in [
        ("2026-03-06", "14:30", "21:00"),
        ("2026-03-09", "13:30", "20:00"),
        ("2026-10-30", "13:30", "20:00"),
        ("2026-11-02", "14:30", "21:00"),
        ("2026-11-27", "14:30", "18:00"),
        ("2025-03-10", "13:30", "20:00"),
        ("2025-11-03", "14:30", "21:00"),
    ] {
        let at = |time: &str| format!("{day}T{time}:00Z").parse::<Timestamp>().unwrap();
        assert_eq!(UsEquities::session(date(day)), Some((at(start), at(end))), "{day}");
    }
}

#[test]
fn a_market_is_open_until_its_last_quote_can_be_seen() {
    let symbol = "AAPL".parse().unwrap();
    let status = |time: &str| UsEquities.status(&symbol, time.parse().unwrap());
    let until = |time: &str| MarketStatus::ClosedUntil(time.parse().unwrap());
    assert_eq!(status("2026-11-25T14:29:59Z"), until("2026-11-25T14:30:00Z"));
    assert_eq!(status("2026-11-25T14:30:00Z"), MarketStatus::Open);
    assert_eq!(status("2026-11-25T21:29:59Z"), MarketStatus::Open);
    assert_eq!(status("2026-11-25T21:30:00Z"), until("2026-11-27T14:30:00Z"));
    assert_eq!(status("2026-11-27T18:31:00Z"), until("2026-11-30T14:30:00Z"));
}

#[test]
#[ignore = "needs STOCKFLOW_TEST_DATA"]
fn recorded_days_are_the_days_with_a_session() {
    let folder = std::env::var("STOCKFLOW_TEST_DATA").unwrap();
    let file = std::fs::File::open(format!("{folder}/quotes-daily.csv.gz")).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).unwrap();
    let recorded: BTreeSet<&str> = text
        .lines()
        .filter(|line| line.contains(",SPY,"))
        .map(|line| &line[..10])
        .filter(|day| ("2013-01-01".."2021-01-01").contains(day))
        .collect();
    assert!(recorded.len() > 1_900, "{}", recorded.len());
    for year in 2013..2021 {
        for day in days(year) {
            let told = UsEquities::session(day).is_some();
            assert_eq!(told, recorded.contains(&*day.to_string()), "{day}");
        }
    }
}
