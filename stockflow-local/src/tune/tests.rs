use stockflow_core::{QuoteSource as _, config::Config};

use super::*;
use crate::{SimulatedMarket, SimulatedOptions, backtest::Backtest};

async fn quotes(days: u32) -> Vec<Quote> {
    let symbols = ["AAPL", "MSFT", "IBM", "SPY"].map(|symbol| symbol.parse().unwrap()).to_vec();
    let interval = std::time::Duration::from_secs(30);
    let options = SimulatedOptions { symbols, days, interval, ..SimulatedOptions::default() };
    let mut market = SimulatedMarket::new(7, options, &[]).unwrap();
    let mut quotes = Vec::new();
    while let Some(batch) = market.next_batch().await.unwrap() {
        quotes.extend(batch.quotes);
    }
    quotes
}

#[tokio::test]
async fn the_configuration_keeps_the_budget_and_tells_what_it_says() {
    let quotes = quotes(4).await;
    let mut before = f64::INFINITY;
    for budget in ["12/day", "5/day", "1/day"] {
        let tuned = tune(&quotes, budget.parse().unwrap()).unwrap();
        // Halts and gaps are planted in these days, and told whatever the thresholds are: three a symbol and day.
        let holds = tuned.first.rate() <= tuned.budget.a_day();
        assert_eq!(holds, budget != "1/day", "{tuned}");
        assert_eq!(holds, !tuned.to_string().contains("does not hold"), "{tuned}");
        assert!(tuned.first.rate() <= before, "a smaller budget tells no more");
        before = tuned.first.rate();
        let config = Config::from_toml(&tuned.to_string(), "tuned.toml").unwrap();
        let mut test = Backtest::new(&config.rules());
        test.observe(&quotes);
        let told: u64 = tuned.rules.iter().map(|rule| rule.alerts[0] + rule.alerts[1]).sum();
        assert_eq!(test.alerts().len() as u64, told, "{tuned}");
        assert_eq!(tuned.first.symbol_days + tuned.rest.symbol_days, 16);
    }
}

#[tokio::test]
async fn one_day_is_too_little() {
    let error = tune(&quotes(1).await, "3/day".parse().unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "days is 1, allowed is two days of quotes or more");
}
