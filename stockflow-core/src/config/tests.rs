use std::time::Duration;

use super::*;
use crate::{
    Direction, InvalidConfig, Policy, Quality, Quote, Rule, Severity, TrendSignal, Verdict,
    params::{Param, ParamKind, Values},
};

/// Shows what it was built from.
#[derive(Debug)]
#[expect(dead_code, reason = "read through `Debug`")]
struct Probe(Values);

impl AnomalyDetector for Probe {
    fn lookback(&self) -> usize {
        0
    }
    fn tolerates(&self) -> Quality {
        Quality::ALL
    }
    fn score(&self, _: &Quote) -> Verdict {
        Verdict::WarmingUp
    }
    fn update(&mut self, _: &Quote) {}
    fn reset(&mut self) {}
}

impl TrendDetector for Probe {
    fn lookback(&self) -> usize {
        0
    }
    fn tolerates(&self) -> Quality {
        Quality::ALL
    }
    fn update(&mut self, _: &Quote) -> TrendSignal {
        TrendSignal::Steady(Direction::Flat)
    }
    fn reset(&mut self) {}
}

const PARAMS: &[Param] = &[
    Param {
        name: "period",
        about: "quotes",
        kind: ParamKind::Integer { default: 20, min: 2, max: 512 },
    },
    Param {
        name: "threshold",
        about: "percent",
        kind: ParamKind::Number { default: 5.0, min: 0.1, max: 100.0 },
    },
    Param {
        name: "after",
        about: "time",
        kind: ParamKind::Duration {
            default: Duration::from_secs(60),
            min: Duration::from_secs(1),
            max: Duration::from_secs(3600),
        },
    },
    Param { name: "above", about: "price", kind: ParamKind::Price },
];

fn build(values: &Values) -> Result<Probe, InvalidConfig> {
    // Two parameters that contradict each other.
    if values.count("period")? > 400 && values.number("threshold")? > 50.0 {
        return Err(InvalidConfig::new("period", 401, "less than 400 with such a threshold"));
    }
    Ok(Probe(values.clone()))
}

const fn entry<D: ?Sized>(
    name: &'static str,
    default: bool,
    build: fn(&Values) -> Result<Box<D>, InvalidConfig>,
) -> Entry<D> {
    let severity = Severity::Warning;
    Entry { name, summary: "", params: PARAMS, default, severity, exact: true, build }
}

static ANOMALY: &[Entry<dyn AnomalyDetector>] = &[
    entry("percent_change", true, |v| Ok(Box::new(build(v)?))),
    entry("hampel", true, |v| Ok(Box::new(build(v)?))),
    entry("price_level", false, |v| match v.price("above") {
        None => Err(InvalidConfig::new("above", "absent", "a price")),
        Some(_) => Ok(Box::new(build(v)?)),
    }),
];
static TREND: &[Entry<dyn TrendDetector>] = &[entry("macd", true, |v| Ok(Box::new(build(v)?)))];

fn read(text: &str) -> Result<Config, ConfigError> {
    Config::read(text, "stockflow.toml", Tables { anomaly: ANOMALY, trend: TREND })
}

fn error(text: &str) -> String {
    read(text).unwrap_err().to_string()
}

fn rule<'a>(rules: &'a Rules, name: &str) -> &'a Rule<dyn AnomalyDetector> {
    rules.anomaly.iter().find(|rule| rule.name == name).unwrap()
}

/// What the detector of `name` was built from for `symbol`; empty if the symbol is left out.
fn built(rules: &Rules, name: &str, symbol: &str) -> String {
    let detector = rule(rules, name).detector(&symbol.parse().unwrap());
    detector.map(|detector| format!("{detector:?}")).unwrap_or_default()
}

fn names(rules: &Rules) -> Vec<&str> {
    rules.anomaly.iter().map(|r| &*r.name).chain(rules.trend.iter().map(|r| &*r.name)).collect()
}

#[test]
fn an_empty_file_is_the_default_set() {
    let config = read("").unwrap();
    assert_eq!(names(&config.rules()), ["percent_change", "hampel", "macd"]);
    assert_eq!(config.symbols, None);
    assert!(config.alerters.is_empty());
    assert_eq!(config.rules().least_severity, Severity::Warning);
}

#[test]
fn parameters_severity_and_policy_are_read() {
    let config = read(
        "[policy]\nleast_severity = 'info'\ncooldown = '1h'\n\
         [anomaly.percent_change]\nthreshold = 7\nafter = '5m'\nseverity = 'critical'\nconfirm = 3\nrearm = '0s'",
    )
    .unwrap();
    let rules = config.rules();
    assert_eq!(rules.least_severity, Severity::Info);
    let rule = rule(&rules, "percent_change");
    assert_eq!(rule.severity, Severity::Critical);
    let hour = Duration::from_secs(3600);
    let expected =
        Policy { confirm: 3, rearm: Duration::ZERO, cooldown: hour, ..Policy::default() };
    assert_eq!(rule.policy, expected);
    assert_eq!(self::rule(&rules, "hampel").policy, Policy { cooldown: hour, ..Policy::default() });
    let probe = built(&rules, "percent_change", "AAPL");
    assert!(probe.contains("Number(7.0)") && probe.contains("Duration(300s)"), "{probe}");
    assert!(probe.contains("Integer(20)"), "{probe}");
}

#[test]
fn rules_are_switched_off_and_added() {
    let rules = read(
        "[anomaly.hampel]\nenabled = false\n[anomaly.bad_print]\ndetector = 'hampel'\nperiod = 9\n\
         [trend.macd]\nenabled = false",
    )
    .unwrap()
    .rules();
    assert_eq!(names(&rules), ["percent_change", "bad_print"]);
    assert!(built(&rules, "bad_print", "AAPL").contains("Integer(9)"));
}

#[test]
fn symbols_override_parameters_and_switch_rules() {
    let rules = read(
        "[anomaly.percent_change]\nthreshold = 7\nperiod = 30\n\
         [anomaly.hampel]\nenabled = false\n\
         [symbol.'BRK-B'.anomaly]\npercent_change = { threshold = 3 }\nhampel = {}\n\
         [symbol.\"^GSPC\".anomaly.percent_change]\nenabled = false\n\
         [symbol.AAPL.anomaly.price_level]\nabove = 200.5",
    )
    .unwrap()
    .rules();
    let brk = built(&rules, "percent_change", "BRK-B");
    assert!(brk.contains("Number(3.0)") && brk.contains("Integer(30)"), "{brk}");
    assert!(built(&rules, "percent_change", "AAPL").contains("Number(7.0)"));
    assert_eq!(built(&rules, "percent_change", "^GSPC"), "");
    assert_ne!(built(&rules, "hampel", "BRK-B"), "");
    assert_eq!(built(&rules, "hampel", "AAPL"), "");
    assert!(built(&rules, "price_level", "AAPL").contains("Price(200.5)"));
    assert_eq!(built(&rules, "price_level", "MSFT"), "");
}

#[test]
fn prices_are_exact_however_they_are_written() {
    for price in ["187.50", "'187.50'", "187.5", "1875e-1"] {
        let rules = read(&format!("[anomaly.price_level]\nabove = {price}")).unwrap().rules();
        assert!(built(&rules, "price_level", "AAPL").contains("Price(187.5)"), "{price}");
    }
    let rules = read("[anomaly.price_level]\nabove = 1_000").unwrap().rules();
    assert!(built(&rules, "price_level", "AAPL").contains("Price(1000)"));
}

#[test]
fn alerters_keep_their_settings_and_hide_them() {
    let config = read(
        "[[alerter]]\nkind = 'console'\n[[alerter]]\nkind = 'webhook'\nurl = 'https://x.example/hunter2'\ntimeout = '5s'",
    )
    .unwrap();
    let [console, webhook] = &config.alerters[..] else { panic!("two alerters") };
    assert_eq!((console.kind(), webhook.kind()), ("console", "webhook"));
    let settings = webhook.settings();
    assert_eq!(settings.text("url").unwrap(), Some("https://x.example/hunter2"));
    let timeout = settings.duration("timeout", Duration::ZERO..=Duration::MAX).unwrap();
    assert_eq!(timeout, Some(Duration::from_secs(5)));
    assert!(!format!("{config:?}").contains("hunter2"));
    let texts = [
        settings.only(["kind", "timeout"]).unwrap_err().to_string(),
        settings.invalid_discreet("url", "an https URL").to_string(),
    ];
    for text in texts {
        assert!(text.starts_with("stockflow.toml:5: alerter[1].url"), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}

#[test]
fn no_parameter_has_the_name_of_another_key() {
    let anomaly = anomaly::DETECTORS.iter().map(|entry| (entry.name, entry.params));
    let trend = trend::DETECTORS.iter().map(|entry| (entry.name, entry.params));
    for (name, params) in anomaly.chain(trend) {
        for param in params {
            let taken = rule::KEYS.iter().chain(&policy::KEYS).any(|key| *key == param.name);
            assert!(!taken, "{name}.{}", param.name);
        }
    }
}

mod mistakes;
