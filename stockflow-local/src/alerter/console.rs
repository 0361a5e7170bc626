//! Alerts on a terminal, or wherever a program writes for people.

use std::{
    collections::VecDeque,
    fmt,
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use stockflow_core::{
    Alert, AlertId, Alerter, BatchReport, Direction, Error, Result, Severity,
    config::{AlerterSpec, ConfigError},
};

use super::{AlerterEntry, Surroundings};
use crate::io::kind;

const BACKEND: &str = "console";

pub(super) const ENTRY: AlerterEntry = AlerterEntry {
    kind: "console",
    summary: "prints alerts for people, in colour where the terminal can",
    keys: &[],
    missing: None,
    build,
};

/// So many alerts are remembered as printed.
const REMEMBERED: usize = 1024;

/// Prints each alert as two lines: what happened, and why.
///
/// An alert that comes again is not printed again, as far as its id is among the last 1,024: where another alerter beside this
/// one fails, all get the alert once more.
///
/// ```
/// use stockflow_core::{Alert, Alerter};
/// use stockflow_local::alerter::ConsoleAlerter;
///
/// # async fn example(alerts: &[Alert]) -> stockflow_core::Result<()> {
/// let alerter = ConsoleAlerter::new(std::io::stderr()).with_colour(true);
/// alerter.notify(alerts).await?.into_result()
/// # }
/// ```
pub struct ConsoleAlerter {
    page: Mutex<Page>,
    colour: bool,
}

struct Page {
    out: Box<dyn Write + Send>,
    /// Oldest first.
    printed: VecDeque<AlertId>,
}

impl ConsoleAlerter {
    /// Prints to `out`, without colours.
    #[must_use]
    pub fn new(out: impl Write + Send + 'static) -> Self {
        let page = Page { out: Box::new(out), printed: VecDeque::new() };
        Self { page: Mutex::new(page), colour: false }
    }

    /// With colours or without: whether `out` is a terminal that understands them, and `NO_COLOR`, are the caller's to know.
    #[must_use]
    pub const fn with_colour(mut self, colour: bool) -> Self {
        self.colour = colour;
        self
    }

    fn print(&self, alerts: &[Alert]) -> io::Result<()> {
        let Page { out, printed } = &mut *self.page.lock().unwrap_or_else(PoisonError::into_inner);
        for alert in alerts {
            let id = alert.id();
            if printed.contains(&id) {
                continue;
            }
            // One write an alert: what others print does not come in between.
            out.write_all(lines(alert, self.colour).as_bytes())?;
            if printed.len() == REMEMBERED {
                printed.pop_front();
            }
            printed.push_back(id);
        }
        out.flush()
    }
}

impl fmt::Debug for ConsoleAlerter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsoleAlerter").field("colour", &self.colour).finish_non_exhaustive()
    }
}

#[async_trait]
impl Alerter for ConsoleAlerter {
    async fn notify(&self, alerts: &[Alert]) -> Result<BatchReport> {
        if !alerts.is_empty() {
            self.print(alerts)
                .map_err(|error| Error::new(kind(&error), BACKEND, "write").with_source(error))?;
        }
        Ok(BatchReport::complete())
    }
}

/// Time, urgency, symbol, price, change, headline; then rule and reason.
fn lines(alert: &Alert, colour: bool) -> String {
    let paint = |code: &str, text: String| {
        if colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text }
    };
    let time = alert.cause.to_string();
    let (date, clock) = (alert.cause.date(), time.get(11..19).unwrap_or_default());
    let severity = match alert.severity {
        Severity::Info => "2",
        Severity::Warning => "1;33",
        Severity::Critical => "1;31",
    };
    let change = match alert.evidence.direction {
        Direction::Up => "32",
        Direction::Down => "31",
        Direction::Flat => "36",
    };
    // Names of rules may hold anything; a terminal obeys control characters.
    let rule = alert.rule.replace(char::is_control, "?");
    format!(
        "{} {} {} {:>10} {} {}\n{}\n",
        paint("2", format!("{date} {clock}")),
        paint(severity, format!("{:<8}", alert.severity.as_str().to_ascii_uppercase())),
        paint("1", format!("{:<8}", alert.symbol)),
        alert.price,
        paint(change, format!("{:>+8.2} %", alert.change_percent)),
        alert.headline(),
        paint("2", format!("{:20}{rule}: {}", "", alert.reason())),
    )
}

fn build(_: &AlerterSpec, around: &Surroundings<'_>) -> Result<Arc<dyn Alerter>, ConfigError> {
    Ok(Arc::new(ConsoleAlerter::new((around.console)()).with_colour(around.colour)))
}

#[cfg(test)]
mod tests {
    use stockflow_core::conformance::{self, Probe, samples};

    use super::*;

    /// What was written, shared with whoever looks.
    #[derive(Clone, Debug, Default)]
    struct Sheet(Arc<Mutex<Vec<u8>>>);

    impl Sheet {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Sheet {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// The ids of an alerter that prints in plain text, put together from the lines.
    fn ids(text: &str) -> Vec<String> {
        text.lines()
            .step_by(2)
            .zip(text.lines().skip(1).step_by(2))
            .map(|(first, second)| {
                let mut words = first.split_whitespace();
                let (date, clock) = (words.next().unwrap(), words.next().unwrap());
                let symbol = words.nth(1).unwrap();
                let rule = second.trim_start().split(':').next().unwrap();
                let direction = if first.ends_with(" up") { "up" } else { "down" };
                format!("{symbol}/{rule}/{direction}/{date}T{clock}.000000Z")
            })
            .collect()
    }

    #[tokio::test]
    async fn the_suite_of_alerters_passes() {
        let harness = async || {
            let page = Sheet::default();
            let alerter = ConsoleAlerter::new(page.clone());
            Probe::new(alerter, move || {
                let told = ids(&page.text());
                async move { Ok(told) }
            })
        };
        conformance::alerter::all(&harness).await.unwrap();
    }

    #[tokio::test]
    async fn an_alert_that_comes_again_is_printed_once() {
        let page = Sheet::default();
        let alerter = ConsoleAlerter::new(page.clone());
        let alerts = samples::alerts(3);
        for batch in [&alerts[..2], &alerts[..], &alerts[1..]] {
            alerter.notify(batch).await.unwrap().into_result().unwrap();
        }
        assert_eq!(page.text().lines().count(), 6);
    }

    #[test]
    fn lines_are_readable_plain_and_in_colour() {
        let mut alert = samples::alerts(1).remove(0);
        alert.symbol = "AAPL".parse().unwrap();
        alert.rule = "percent_change".into();
        alert.severity = Severity::Critical;
        alert.price = "164.5".parse().unwrap();
        alert.change_percent = -6.0;
        alert.evidence.direction = Direction::Down;
        (alert.evidence.value, alert.evidence.threshold, alert.evidence.score) = (-6.0, -5.0, 1.2);
        let plain = lines(&alert, false);
        assert_eq!(
            plain,
            format!(
                "2026-11-23 14:30:{} CRITICAL AAPL          164.5    -6.00 % far below the previous close\n{:20}percent_change: change from the previous close -6 %, bound -5, score 1.2\n",
                &alert.cause.to_string()[17..19],
                ""
            )
        );
        let colour = lines(&alert, true);
        assert!(colour.contains("\u{1b}[1;31mCRITICAL\u{1b}[0m"));
        alert.rule = "\u{1b}]0;evil\u{7}\n".into();
        assert_eq!(lines(&alert, false).matches(|c: char| c.is_control()).count(), 2);
    }

    #[tokio::test]
    async fn a_closed_terminal_is_an_error() {
        #[derive(Debug)]
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let alerter = ConsoleAlerter::new(Closed);
        let error = alerter.notify(&samples::alerts(1)).await.unwrap_err();
        assert_eq!(error.chain(), "console: write failed (unexpected): broken pipe");
    }
}
