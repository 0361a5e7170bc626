//! What is wrong is told with file, line, key, value and what is allowed.

use super::*;

#[test]
fn unknown_keys_are_told_with_what_was_meant() {
    for (text, expected) in [
        (
            "symbls = ['A']",
            "stockflow.toml:1: symbls is not a known key (it is a list), allowed is alerter, anomaly, policy, symbol, symbols, trend; did you mean symbols?",
        ),
        (
            "[policy]\n\ncooldwn = '5m'",
            "stockflow.toml:3: policy.cooldwn is not a known key (it is \"5m\"), allowed is confirm, confirm_within, cooldown, least_severity, rearm; did you mean cooldown?",
        ),
        (
            "[anomaly.hampel]\nperod = 5",
            "stockflow.toml:2: anomaly.hampel.perod is not a known key (it is 5), allowed is above, after, confirm, confirm_within, cooldown, detector, enabled, period, rearm, severity, threshold; did you mean period?",
        ),
        (
            "[symbol.AAPL.anomaly.hampel]\ncooldown = '5m'",
            "stockflow.toml:2: symbol.AAPL.anomaly.hampel.cooldown is not a known key (it is \"5m\"), allowed is above, after, detector, enabled, period, threshold",
        ),
        (
            "[symbol.AAPL]\nanomly = {}",
            "stockflow.toml:2: symbol.AAPL.anomly is not a known key (it is a table), allowed is anomaly, trend; did you mean anomaly?",
        ),
    ] {
        assert_eq!(error(text), expected);
    }
}

#[test]
fn detectors_that_do_not_exist_are_told_with_what_was_meant() {
    assert_eq!(
        error("\n[anomaly.hample]\nperiod = 5"),
        "stockflow.toml:2: anomaly.hample is \"hample\", allowed is percent_change, hampel, price_level; or any name with a key `detector`; did you mean hampel?"
    );
    assert_eq!(
        error("[trend.mine]\ndetector = 'hampel'"),
        "stockflow.toml:2: trend.mine.detector is \"hampel\", allowed is macd"
    );
    assert_eq!(
        error("[symbol.AAPL.anomaly.price_levl]\nabove = 5"),
        "stockflow.toml:1: symbol.AAPL.anomaly.price_levl is \"price_levl\", allowed is percent_change, hampel, price_level; or any name with a key `detector`; did you mean price_level?"
    );
}

#[test]
fn impossible_values_are_told_with_their_bounds() {
    const SPAN: &str = "a time span such as \"90s\" or \"5m\", 1s to 1h";
    for (line, expected) in [
        ("period = 1", "period is 1, allowed is a whole number, 2 to 512"),
        ("period = 2.5", "period is 2.5, allowed is a whole number, 2 to 512"),
        ("period = '20'", "period is \"20\", allowed is a whole number, 2 to 512"),
        (
            "period = 99999999999999999999",
            "period is 99999999999999999999, allowed is a whole number, 2 to 512",
        ),
        ("threshold = nan", "threshold is nan, allowed is a number, 0.1 to 100"),
        ("threshold = -inf", "threshold is -inf, allowed is a number, 0.1 to 100"),
        ("threshold = 0", "threshold is 0, allowed is a number, 0.1 to 100"),
        ("after = 60", &format!("after is 60, allowed is {SPAN}")),
        ("after = '2h'", &format!("after is \"2h\", allowed is {SPAN}")),
        ("after = '5 minutes'", &format!("after is \"5 minutes\", allowed is {SPAN}")),
        (
            "above = -1",
            "above is -1, allowed is a price as text, such as \"187.50\", 0.00000001 to 1000000000",
        ),
        (
            "above = 1979-05-27",
            "above is a date or time, allowed is a price as text, such as \"187.50\", 0.00000001 to 1000000000",
        ),
        ("severity = 'warn'", "severity is \"warn\", allowed is info, warning, critical"),
        (
            "severity = 'warnning'",
            "severity is \"warnning\", allowed is info, warning, critical; did you mean warning?",
        ),
        ("enabled = 1", "enabled is 1, allowed is true or false"),
        ("confirm = 0", "confirm is 0, allowed is a whole number, 1 to 1000"),
        (
            "cooldown = '366d'",
            "cooldown is \"366d\", allowed is a time span such as \"90s\" or \"5m\", 0ms to 365d",
        ),
        (
            "period = 401\nthreshold = 51",
            "period is 401, allowed is less than 400 with such a threshold",
        ),
    ] {
        let text = error(&format!("[anomaly.hampel]\n{line}"));
        assert_eq!(text, format!("stockflow.toml:2: anomaly.hampel.{expected}"));
    }
}

#[test]
fn a_parameter_that_is_needed_is_asked_for() {
    assert_eq!(
        error("\n[anomaly.price_level]\nperiod = 5"),
        "stockflow.toml:2: anomaly.price_level.above is absent, allowed is a price"
    );
    assert_eq!(
        error("[symbol.AAPL.anomaly.price_level]"),
        "stockflow.toml:1: symbol.AAPL.anomaly.price_level.above is absent, allowed is a price"
    );
}

#[test]
fn symbols_are_checked() {
    for (text, part) in [
        (
            "symbols = ['A', '../x']",
            "1: symbols is \"../x\", allowed is a list of symbols (symbol has byte 0x2f",
        ),
        ("symbols = ['A', 'A']", "1: symbols is \"A\", allowed is each symbol once"),
        ("symbols = []", "1: symbols is a list, allowed is at least one symbol"),
        ("symbols = 5", "1: symbols is 5, allowed is a list of texts in quotes"),
        (
            "[symbol.'a b'.anomaly]",
            "1: symbol.\"a b\" is \"a b\", allowed is a symbol (symbol has byte 0x20",
        ),
        (
            "symbols = ['AAPL']\n[symbol.APPL.anomaly]",
            "2: symbol.APPL is \"APPL\", allowed is a symbol of the list `symbols`; did you mean AAPL?",
        ),
        ("symbol.AAPL = 5", "1: symbol.AAPL is 5, allowed is a table, [symbol.AAPL]"),
    ] {
        let text = error(text);
        assert!(text.starts_with(&format!("stockflow.toml:{part}")), "{text}");
    }
}

#[test]
fn names_of_rules_promise_nothing_wrong() {
    assert_eq!(
        error("[anomaly.hampel_fast]\ndetector = 'percent_change'"),
        "stockflow.toml:2: anomaly.hampel_fast.detector is \"percent_change\", allowed is \"hampel\", since the rule's name starts with it, or another name"
    );
    assert!(error("[anomaly.'My Rule']\ndetector = 'hampel'").contains("a name of a-z, 0-9 and _"));
    assert_eq!(
        error("[anomaly.mine]\ndetector = 'hampel'\n[trend.mine]\ndetector = 'macd'"),
        "stockflow.toml:3: trend is \"mine\", allowed is a name that no anomaly rule has"
    );
    assert_eq!(
        error(
            "[anomaly.mine]\ndetector = 'hampel'\n[symbol.A.anomaly.mine]\ndetector = 'percent_change'"
        ),
        "stockflow.toml:4: symbol.A.anomaly.mine.detector is \"percent_change\", allowed is \"hampel\", as elsewhere in the file"
    );
}

#[test]
fn tables_and_lists_of_tables_are_told_apart() {
    assert_eq!(
        error("anomaly = 5"),
        "stockflow.toml:1: anomaly is 5, allowed is a table, [anomaly]"
    );
    assert_eq!(
        error("[anomaly]\nhampel = true"),
        "stockflow.toml:2: anomaly.hampel is true, allowed is a table, [anomaly.hampel]"
    );
    assert!(
        error("[alerter]\nkind = 'console'").contains("allowed is a list of tables, [[alerter]]")
    );
    assert_eq!(
        error("[[alerter]]\nkind = 'console'\n\n[[alerter]]\nurl = 'secret'"),
        "stockflow.toml:4: alerter[1].kind is absent, allowed is the kind of an alerter, such as \"console\""
    );
}

#[test]
fn what_is_not_toml_is_told_by_its_line_and_without_its_text() {
    for text in
        ["a = 1\nurl = 'hunter2", "a = 1\nhunter2", "a = 1\n[hunter2", "a = 1\na = 'hunter2'"]
    {
        let text = error(text);
        assert!(text.starts_with("stockflow.toml:2: not TOML: "), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
}
