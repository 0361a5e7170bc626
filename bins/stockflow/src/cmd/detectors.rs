//! `stockflow detectors`: what can be configured.

use std::io::{self, Write};

use clap::Args;
use serde_json::json;
use stockflow_core::{
    Severity, anomaly,
    params::{Entry, Param, ParamKind, Value},
    trend,
};

use crate::{
    Outcome,
    output::{Cell, Column, Format, Printer},
};

/// List the detectors with their parameters
#[derive(Args, Debug)]
#[command(after_help = "Example: stockflow detectors --format csv")]
pub struct Detectors {
    /// Form of the answer
    #[arg(long, value_enum, default_value_t)]
    pub format: Format,
}

impl Detectors {
    pub(crate) fn execute(&self) -> Outcome {
        print(&mut io::stdout().lock(), self.format, &all())?;
        Ok(())
    }
}

/// A table row of either kind of detector.
struct Listed {
    kind: &'static str,
    name: &'static str,
    summary: &'static str,
    default: bool,
    severity: Severity,
    exact: bool,
    params: &'static [Param],
}

fn all() -> Vec<Listed> {
    let anomalies = anomaly::DETECTORS.iter().map(|entry| listed("anomaly", entry));
    anomalies.chain(trend::DETECTORS.iter().map(|entry| listed("trend", entry))).collect()
}

fn listed<D: ?Sized>(kind: &'static str, entry: &'static Entry<D>) -> Listed {
    let Entry { name, summary, default, severity, exact, params, .. } = *entry;
    Listed { kind, name, summary, default, severity, exact, params }
}

fn print(out: &mut impl Write, format: Format, detectors: &[Listed]) -> io::Result<()> {
    match format {
        Format::Table => detectors.iter().try_for_each(|detector| print_block(out, detector)),
        Format::Csv => print_flat(out, detectors),
        Format::Json => {
            let list: Vec<_> = detectors.iter().map(as_json).collect();
            writeln!(out, "{:#}", serde_json::Value::from(list))
        }
    }
}

fn print_block(out: &mut impl Write, detector: &Listed) -> io::Result<()> {
    let Listed { kind, name, summary, severity, .. } = detector;
    let set = if detector.default { "on by default" } else { "off by default" };
    writeln!(out, "[{kind}.{name}]  {severity}, {set}\n  {summary}")?;
    if !detector.exact {
        writeln!(
            out,
            "  A restart can change its verdicts: its state is not a function of a window."
        )?;
    }
    for param in detector.params {
        let Bounds { default, min, max, .. } = bounds(&param.kind);
        let default = default.map_or_else(|| "not set".to_owned(), |value| value.to_string());
        writeln!(out, "  {} = {default}    # {min} to {max}: {}", param.name, param.about)?;
    }
    writeln!(out)
}

/// One line for each parameter; a detector without any has one line, too.
fn print_flat(out: &mut impl Write, detectors: &[Listed]) -> io::Result<()> {
    let columns = [
        "kind",
        "detector",
        "default_set",
        "severity",
        "summary",
        "parameter",
        "type",
        "default",
        "min",
        "max",
        "about",
    ];
    let columns = columns.map(Column::text).to_vec();
    let mut printer = Printer::new(out, Format::Csv, columns, None);
    for detector in detectors {
        let head = [
            Cell::text(detector.kind),
            Cell::text(detector.name),
            Cell::Bool(detector.default),
            Cell::text(detector.severity),
            Cell::text(detector.summary),
        ];
        if detector.params.is_empty() {
            printer.row([head.to_vec(), vec![Cell::Null; 6]].concat())?;
        }
        for param in detector.params {
            let Bounds { of, default, min, max } = bounds(&param.kind);
            let tail = [
                Cell::text(param.name),
                Cell::text(of),
                default.map_or(Cell::Null, Cell::text),
                Cell::text(min),
                Cell::text(max),
                Cell::text(param.about),
            ];
            printer.row([head.to_vec(), tail.to_vec()].concat())?;
        }
    }
    printer.finish()?;
    Ok(())
}

fn as_json(detector: &Listed) -> serde_json::Value {
    let params: Vec<_> = detector
        .params
        .iter()
        .map(|param| {
            let Bounds { of, default, min, max } = bounds(&param.kind);
            json!({
                "name": param.name, "type": of, "about": param.about, "default": default.map(plain),
                "min": plain(min), "max": plain(max),
            })
        })
        .collect();
    json!({
        "kind": detector.kind, "name": detector.name, "summary": detector.summary,
        "default_set": detector.default, "severity": detector.severity.as_str(),
        "exact": detector.exact, "parameters": params,
    })
}

/// A parameter's bounds, whatever its type.
struct Bounds {
    of: &'static str,
    default: Option<Value>,
    min: Value,
    max: Value,
}

fn bounds(kind: &ParamKind) -> Bounds {
    let (of, default) = match *kind {
        ParamKind::Integer { default, .. } => ("integer", Some(Value::Integer(default))),
        ParamKind::Number { default, .. } => ("number", Some(Value::Number(default))),
        ParamKind::Duration { default, .. } => ("duration", Some(Value::Duration(default))),
        _ => ("price", None),
    };
    let (min, max) = kind.bounds();
    Bounds { of, default, min, max }
}

/// Numbers as numbers, time spans and prices as the text that a configuration has.
fn plain(value: Value) -> serde_json::Value {
    match value {
        Value::Integer(number) => number.into(),
        Value::Number(number) => number.into(),
        other => other.to_string().into(),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const PARAMS: &[Param] = &[
        Param {
            name: "threshold",
            about: "deviations, both ways",
            kind: ParamKind::Number { default: 4.5, min: 0.5, max: 100.0 },
        },
        Param {
            name: "quiet",
            about: "how long",
            kind: ParamKind::Duration {
                default: Duration::from_secs(90),
                min: Duration::ZERO,
                max: Duration::from_secs(3600),
            },
        },
        Param { name: "above", about: "level", kind: ParamKind::Price },
    ];

    fn text(format: Format) -> String {
        let mut out = Vec::new();
        let detector = Listed {
            kind: "anomaly",
            name: "odd_one",
            summary: "Odd, \"really\"",
            default: true,
            severity: Severity::Warning,
            exact: true,
            params: PARAMS,
        };
        print(&mut out, format, &[detector]).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn csv_has_a_line_for_each_parameter() {
        let text = text(Format::Csv);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4);
        assert!(lines[1].ends_with("threshold,number,4.5,0.5,100,\"deviations, both ways\""));
        assert!(lines[2].contains("quiet,duration,90s,0ms,1h,"), "{}", lines[2]);
        assert!(lines[3].contains("above,price,,"), "{}", lines[3]);
    }

    #[test]
    fn json_keeps_numbers_as_numbers() {
        let list: serde_json::Value = serde_json::from_str(&text(Format::Json)).unwrap();
        assert_eq!(list[0]["parameters"][0]["default"], json!(4.5));
        assert_eq!(list[0]["parameters"][1]["default"], json!("90s"));
        assert_eq!(list[0]["parameters"][2]["default"], json!(null));
    }

    #[test]
    fn the_table_reads_like_a_configuration() {
        let text = text(Format::Table);
        assert!(text.starts_with("[anomaly.odd_one]  warning, on by default\n"), "{text}");
        assert!(text.contains("  threshold = 4.5    # 0.5 to 100: deviations, both ways\n"));
        assert!(text.contains("  above = not set    # "));
    }

    #[test]
    fn every_detector_of_both_tables_is_listed() {
        assert_eq!(all().len(), anomaly::DETECTORS.len() + trend::DETECTORS.len());
    }
}
