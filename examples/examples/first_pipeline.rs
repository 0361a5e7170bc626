//! A pipeline in twenty lines: a simulated market, the default rules and one more, alerts on the screen.
//!
//! `cargo run -p stockflow-examples --example first_pipeline`

use std::{error::Error, sync::Arc};

use stockflow_core::{AnomalyDetector, Rule, Rules, Severity, anomaly::ReturnZScore};
use stockflow_local::{Pipeline, SimulatedMarket, alerter::ConsoleAlerter};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    // The default rules, and one more: any detector, your own too, under a name of your choice.
    let sharp: Rule<dyn AnomalyDetector> = Rule::new("sharp_return", Severity::Info, |_symbol| {
        ReturnZScore::new(20, 12.0).ok().map(|detector| Box::new(detector) as _)
    });
    let mut pipeline = Pipeline::open(folder.path(), Rules::default_set().with_anomaly(sharp))?
        .with_alerter(Arc::new(ConsoleAlerter::new(std::io::stdout())));
    let market = SimulatedMarket::with_seed(7, pipeline.cursors())?;
    let summary = pipeline.run(Box::new(market), std::future::pending()).await?;
    println!("{} quotes judged, {} alerts told", summary.accepted, summary.alerts);
    Ok(())
}
