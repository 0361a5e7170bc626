//! Each alarm is explained, tells somebody, and looks at a metric that there is.

use std::collections::BTreeSet;

use serde_json::Value;
use stockflow_aws::lambda::{NAMESPACE, ProcessorOutcome, TrendOutcome};
use stockflow_core::Timestamp;

use crate::{TEMPLATE, file, texts};

/// Resource, and name without the stack's.
fn alarms() -> Vec<(&'static str, &'static str)> {
    let alarms = TEMPLATE.of_type("AWS::CloudWatch::Alarm");
    let name = |alarm: &'static Value| {
        let name = alarm["Properties"]["AlarmName"]["Fn::Sub"].as_str().unwrap();
        name.strip_prefix("${AWS::StackName}-").unwrap()
    };
    alarms.map(|(resource, alarm)| (resource, name(alarm))).collect()
}

/// The dashboard, as CloudWatch gets it but for names of resources.
fn dashboard() -> Value {
    let body = &TEMPLATE.properties("Dashboard")["DashboardBody"]["Fn::Sub"];
    let mut text = body[0].as_str().unwrap().to_owned();
    for (name, value) in body[1].as_object().unwrap() {
        let yes = &value["Fn::If"][1];
        let yes = yes.as_str().or_else(|| yes["Fn::Sub"].as_str()).unwrap();
        text = text.replace(&format!("${{{name}}}"), yes);
    }
    serde_json::from_str(&text).unwrap()
}

/// What a function logs as metrics.
fn logged(function: &str) -> BTreeSet<String> {
    let mut line = match function {
        "Processor" => ProcessorOutcome::default().to_line(function),
        _ => TrendOutcome::default().to_line(function),
    }
    .to_json(Timestamp::MIN);
    // Logged only of an event that led to an alert.
    if function == "Trend" {
        line = line.replacen("\"Metrics\":[", "\"Metrics\":[{\"Name\":\"EventToAlert\"},", 1);
    }
    let line: Value = serde_json::from_str(&line).unwrap();
    let metrics = line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap();
    metrics.iter().map(|metric| metric["Name"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_alarm_has_a_section_in_the_docs_and_every_section_an_alarm() {
    let docs = file("docs/operations.md");
    let (_, section) = docs.split_once("\n## Alarms\n").unwrap();
    let section = section.split("\n## ").next().unwrap();
    let explained: BTreeSet<&str> =
        section.lines().filter_map(|line| line.strip_prefix("### ")).collect();
    let raised: BTreeSet<&str> = alarms().into_iter().map(|(_, name)| name).collect();
    assert_eq!(raised, explained);
    assert_eq!(raised.len(), alarms().len(), "two alarms have one name");
}

#[test]
fn every_alarm_tells_the_topic_when_it_comes_and_when_it_goes() {
    for (resource, _) in alarms() {
        let alarm = TEMPLATE.properties(resource);
        for action in ["AlarmActions", "OKActions"] {
            assert_eq!(alarm[action][0]["Ref"], "Topic", "{resource}");
        }
    }
}

#[test]
fn metrics_of_ours_that_alarms_and_dashboard_look_at_are_logged() {
    let mut seen = 0;
    let mut check = |function: &str, metric: &str| {
        assert!(logged(function).contains(metric), "{function} logs no {metric}");
        seen += 1;
    };
    for (_, alarm) in TEMPLATE.of_type("AWS::CloudWatch::Alarm") {
        let alarm = &alarm["Properties"];
        if alarm["Namespace"] == NAMESPACE {
            assert_eq!(alarm["Dimensions"][0]["Name"], "Function");
            let function = alarm["Dimensions"][0]["Value"]["Ref"].as_str().unwrap();
            check(function, alarm["MetricName"].as_str().unwrap());
        }
    }
    for widget in dashboard()["widgets"].as_array().unwrap() {
        let metrics = widget["properties"]["metrics"].as_array();
        let mut above: Vec<String> = Vec::new();
        for metric in metrics.into_iter().flatten() {
            above = spelt_out(metric, &above);
            if above.first().is_some_and(|namespace| namespace == NAMESPACE) {
                let function = above[3].trim_start_matches("${").trim_end_matches('}');
                check(function, &above[1]);
            }
        }
    }
    assert!(seen > 10, "{seen}");
}

/// A metric of the dashboard, where `.` stands for what is above and `...` for all that is not said.
fn spelt_out(metric: &Value, above: &[String]) -> Vec<String> {
    let own: Vec<&str> =
        metric.as_array().unwrap().iter().filter_map(|part| part.as_str()).collect();
    let Some((&"...", rest)) = own.split_first() else {
        let same = |(at, part): (usize, &&str)| match *part {
            "." => above[at].clone(),
            part => part.to_owned(),
        };
        return own.iter().enumerate().map(same).collect();
    };
    let kept = &above[..above.len() - rest.len()];
    kept.iter().cloned().chain(rest.iter().map(|part| (*part).to_owned())).collect()
}

#[test]
fn the_dashboard_shows_every_alarm_and_fits() {
    let dashboard = dashboard();
    let widgets = dashboard["widgets"].as_array().unwrap();
    let shown = texts(&widgets[0]["properties"]["alarms"]);
    let shown: BTreeSet<&str> = shown.into_iter().collect();
    let expected: Vec<String> =
        alarms().iter().map(|(name, _)| format!("${{{name}.Arn}}")).collect();
    assert_eq!(shown, expected.iter().map(String::as_str).collect());
    let number = |widget: &Value, key: &str| widget[key].as_u64().unwrap();
    for (at, widget) in widgets.iter().enumerate() {
        assert!(number(widget, "x") + number(widget, "width") <= 24, "{widget}");
        for other in &widgets[..at] {
            let apart = |from: &str, length: &str| {
                number(widget, from) >= number(other, from) + number(other, length)
                    || number(other, from) >= number(widget, from) + number(widget, length)
            };
            assert!(apart("x", "width") || apart("y", "height"), "{widget} lies on {other}");
        }
    }
}
