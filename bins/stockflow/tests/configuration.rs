//! `docs/configuration.md` says what the code does. After a change of a table, `STOCKFLOW_WRITE_DOCS=1 cargo test -p stockflow
//! --features webhook,smtp --test configuration` writes its lists anew.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::{fmt::Write as _, ops::Range};

use stockflow_core::{
    anomaly,
    config::Config,
    params::{Entry, ParamKind, Value},
    trend,
};
use stockflow_local::alerter::ALERTERS;

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md");
const PAGE: &str = include_str!("../../../docs/configuration.md");

/// Fenced blocks with what follows their opening fence.
fn blocks() -> Vec<(&'static str, &'static str)> {
    let parts: Vec<&str> = PAGE.split("```").collect();
    let inner = parts.into_iter().skip(1).step_by(2);
    inner.filter_map(|block| block.split_once('\n')).collect()
}

/// Where a part of a page is, between two comments.
fn listed(page: &str, what: &str) -> Range<usize> {
    let start = page.find(&format!("<!-- {what}:")).unwrap();
    let start = start + page[start..].find("-->\n").unwrap() + "-->\n".len();
    start..start + page[start..].find(&format!("\n<!-- end of {what} -->")).unwrap()
}

/// Holds a part of the page to what the tables say; or writes it.
#[track_caller]
fn assert_listed(what: &str, expected: &str) {
    if PAGE[listed(PAGE, what)] == *expected {
        return;
    }
    assert!(std::env::var_os("STOCKFLOW_WRITE_DOCS").is_some(), "the page should say:\n{expected}");
    // Read again: another test may have written another part meanwhile.
    let mut page = std::fs::read_to_string(PATH).unwrap();
    page.replace_range(listed(&page, what), expected);
    std::fs::write(PATH, page).unwrap();
}

#[test]
fn every_example_is_read() {
    let mut examples = 0;
    for (_, text) in blocks().iter().filter(|(info, _)| *info == "toml") {
        Config::from_toml(text, "docs/configuration.md").unwrap();
        examples += 1;
    }
    assert_eq!(examples, 1);
}

#[test]
fn the_complete_example_means_what_it_says() {
    let text = blocks().into_iter().find(|(info, _)| *info == "toml").unwrap().1;
    let config = Config::from_toml(text, "stockflow.toml").unwrap();
    let rules = config.rules();
    let names: Vec<&str> = rules.anomaly.iter().map(|rule| &*rule.name).collect();
    assert!(names.contains(&"percent_change_small") && !names.contains(&"flat_line"), "{names:?}");
    assert!(rules.trend.iter().any(|rule| rule.name == "macd"));
    let level = rules.anomaly.iter().find(|rule| rule.name == "price_level").unwrap();
    assert!(level.detector(&"AAPL".parse().unwrap()).is_some());
    assert!(level.detector(&"MSFT".parse().unwrap()).is_none());
    let kinds: Vec<&str> = config.alerters.iter().map(|alerter| alerter.kind()).collect();
    assert_eq!(kinds, ALERTERS.iter().map(|entry| entry.kind).collect::<Vec<_>>());
    // Each alerter has only keys that its kind knows, as far as this build has it.
    for spec in &config.alerters {
        let entry = ALERTERS.iter().find(|entry| entry.kind == spec.kind()).unwrap();
        if entry.missing.is_none() {
            let keys = entry.keys.iter().map(|(key, _)| *key);
            spec.settings().only(keys.chain(["kind"])).unwrap();
        }
    }
}

#[test]
fn every_mistake_is_told_as_the_page_says() {
    let blocks = blocks();
    let wrong: Vec<usize> = (0..blocks.len()).filter(|&i| blocks[i].0 == "toml wrong").collect();
    assert!(!wrong.is_empty());
    for at in wrong {
        let error = Config::from_toml(blocks[at].1, "stockflow.toml").unwrap_err();
        assert_eq!(blocks[at + 1], ("text", &*format!("{error}\n")));
    }
}

#[test]
fn the_page_lists_all_detectors_with_their_parameters() {
    let mut expected = String::new();
    for entry in anomaly::DETECTORS {
        describe(&mut expected, "anomaly", entry);
    }
    for entry in trend::DETECTORS {
        describe(&mut expected, "trend", entry);
    }
    assert_listed("detectors", &expected);
}

fn describe<D: ?Sized>(out: &mut String, stage: &str, entry: &Entry<D>) {
    let Entry { name, summary, severity, .. } = entry;
    let set = if entry.default { "on" } else { "off" };
    let exact = if entry.exact { "" } else { " A restart can change its verdicts." };
    write!(out, "\n### `{stage}.{name}`\n\n{summary}; {severity}, {set} by default.{exact}\n")
        .unwrap();
    if entry.params.is_empty() {
        return;
    }
    out.push_str("\n| parameter | default | from | to | meaning |\n|---|---|---|---|---|\n");
    for param in entry.params {
        let (min, max) = param.kind.bounds();
        let default = default(&param.kind).map_or_else(|| "not set".to_owned(), |v| v.to_string());
        let (key, about) = (param.name, param.about);
        writeln!(out, "| `{key}` | {default} | {min} | {max} | {about} |").unwrap();
    }
}

fn default(kind: &ParamKind) -> Option<Value> {
    match *kind {
        ParamKind::Integer { default, .. } => Some(Value::Integer(default)),
        ParamKind::Number { default, .. } => Some(Value::Number(default)),
        ParamKind::Duration { default, .. } => Some(Value::Duration(default)),
        _ => None,
    }
}

#[test]
#[cfg_attr(
    not(all(feature = "webhook", feature = "smtp")),
    ignore = "needs the features webhook and smtp"
)]
fn the_page_lists_all_alerters_with_their_keys() {
    let mut expected = String::new();
    for entry in ALERTERS {
        write!(expected, "\n### `{}`\n\n{}\n", entry.kind, entry.summary).unwrap();
        if !entry.keys.is_empty() {
            expected.push_str("\n| key | meaning |\n|---|---|\n");
        }
        for (key, about) in entry.keys {
            writeln!(expected, "| `{key}` | {about} |").unwrap();
        }
    }
    assert_listed("alerters", &expected);
}
