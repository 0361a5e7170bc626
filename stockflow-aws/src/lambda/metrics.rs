//! One line of JSON for each event: a log entry with CloudWatch metrics embedded in it.
//!
//! Format: CloudWatch embedded metric format. Logs are paid by the byte and metrics by their number, so there is one line an event
//! and one dimension.

use serde_json::{Map, Value, json};
use stockflow_core::Timestamp;

/// Where the metrics stand in CloudWatch.
pub const NAMESPACE: &str = "stockflow";

/// What a metric is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// Thousandths of a second.
    Milliseconds,
}

impl Unit {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Milliseconds => "Milliseconds",
        }
    }
}

/// A line with metrics of one function.
///
/// ```
/// use stockflow_aws::lambda::{MetricLine, Unit};
/// use stockflow_core::Timestamp;
///
/// let mut line = MetricLine::new("kinesis-stock-processor");
/// line.metric("Quotes", Unit::Count, 500).field("requestId", "8f3a");
/// let json: serde_json::Value = serde_json::from_str(&line.to_json(Timestamp::MIN))?;
/// assert_eq!(json["Quotes"], 500);
/// assert_eq!(json["_aws"]["CloudWatchMetrics"][0]["Metrics"][0]["Name"], "Quotes");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MetricLine {
    metrics: Vec<Value>,
    fields: Map<String, Value>,
}

impl MetricLine {
    /// A line of `function`, which is the dimension of its metrics.
    #[must_use]
    pub fn new(function: &str) -> Self {
        let mut fields = Map::new();
        fields.insert("Function".into(), function.into());
        Self { metrics: Vec::new(), fields }
    }

    /// With a metric.
    pub fn metric(&mut self, name: &'static str, unit: Unit, value: u64) -> &mut Self {
        self.metrics.push(json!({ "Name": name, "Unit": unit.as_str() }));
        self.field(name, value)
    }

    /// With a field that can be searched for and is no metric.
    pub fn field(&mut self, name: &'static str, value: impl Into<Value>) -> &mut Self {
        self.fields.insert(name.into(), value.into());
        self
    }

    /// The line, without a line feed; `now` is the time of the metrics.
    #[must_use]
    pub fn to_json(&self, now: Timestamp) -> String {
        let mut line = self.fields.clone();
        let directive = json!({
            "Namespace": NAMESPACE,
            "Dimensions": [["Function"]],
            "Metrics": self.metrics,
        });
        let millis = now.as_micros().div_euclid(1_000);
        line.insert(
            "_aws".into(),
            json!({ "Timestamp": millis, "CloudWatchMetrics": [directive] }),
        );
        Value::Object(line).to_string()
    }
}
