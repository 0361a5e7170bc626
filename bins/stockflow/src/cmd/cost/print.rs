//! An estimate as a table, as CSV, or as JSON.

use std::io::{self, Write};

use serde_json::{Value, json};
use stockflow_aws::prices::Prices;

use super::{
    Hours, Mode,
    bill::{Bill, Line},
    load::Load,
    saving::Saving,
};
use crate::output::{self, Cell, Column, Format, Printer};

/// What is told.
#[derive(Debug)]
pub(super) struct Estimate {
    pub(super) load: Load,
    pub(super) mode: Mode,
    pub(super) prices: Prices,
    pub(super) ours: Bill,
    pub(super) original: Bill,
    pub(super) savings: Vec<Saving>,
}

impl Estimate {
    pub(super) fn print(&self, format: Format) -> io::Result<()> {
        let out = io::BufWriter::new(io::stdout().lock());
        self.write(out, format, output::terminal_width())
    }

    fn write(&self, mut out: impl Write, format: Format, width: Option<usize>) -> io::Result<()> {
        match format {
            Format::Json => writeln!(out, "{:#}", self.to_json())?,
            Format::Csv => self.rows(&mut out, format, width)?,
            Format::Table => {
                self.heading(&mut out)?;
                self.rows(&mut out, format, width)?;
                self.saving(&mut out)?;
            }
        }
        out.flush()
    }

    fn heading(&self, out: &mut impl Write) -> io::Result<()> {
        let Load { symbols, interval, .. } = self.load;
        let hours = match self.load.hours {
            Hours::Market => "21 days of 6.5 hours",
            Hours::Always => "730 hours",
        };
        let Prices { region, date, .. } = &self.prices;
        writeln!(
            out,
            "{symbols} symbols, a quote each every {interval} s, {hours}: {:.0} quotes a month",
            self.load.quotes()
        )?;
        writeln!(out, "US dollars a month at list prices of {region} ({date})\n")
    }

    fn rows(&self, out: &mut impl Write, format: Format, width: Option<usize>) -> io::Result<()> {
        let mut columns = vec![Column::text("component")];
        columns.extend(["units", "usd", "original_units", "original_usd"].map(Column::number));
        let mut printer = Printer::new(out, format, columns, width);
        for what in self.components() {
            let [units, usd] = cells(self.ours.line(what));
            let [original_units, original_usd] = cells(self.original.line(what));
            printer.row(vec![Cell::text(what), units, usd, original_units, original_usd])?;
        }
        let quotes = self.load.quotes();
        let sums = [
            ("total", self.ours.total(), self.original.total()),
            ("a million quotes", self.ours.per_million(quotes), self.original.per_million(quotes)),
        ];
        for (what, ours, original) in sums {
            let blank = || Cell::text("");
            printer.row(vec![Cell::text(what), blank(), usd(ours), blank(), usd(original)])?;
        }
        printer.finish()?;
        Ok(())
    }

    /// Every line of either bill once.
    fn components(&self) -> Vec<&'static str> {
        let mut all: Vec<&'static str> = Vec::new();
        for line in self.ours.lines.iter().chain(&self.original.lines) {
            if !all.contains(&line.what) {
                all.push(line.what);
            }
        }
        // Those of one service together.
        all.sort_by_key(|what| what.split(' ').next());
        all
    }

    fn saving(&self, out: &mut impl Write) -> io::Result<()> {
        match self.savings.first() {
            None => writeln!(out, "\nNo setting makes it cheaper."),
            Some(first) => {
                writeln!(out, "\nNext saving: {:.2} with {}", first.usd, first.what)?;
                for saving in &self.savings[1..] {
                    writeln!(out, "then:        {:.2} with {}", saving.usd, saving.what)?;
                }
                Ok(())
            }
        }
    }

    fn to_json(&self) -> Value {
        let quotes = self.load.quotes();
        let bill = |bill: &Bill| {
            let line = |line: &Line| json!({ "component": line.what, "units": line.quantity, "usd": line.usd });
            json!({
                "components": bill.lines.iter().map(line).collect::<Vec<_>>(),
                "total_usd": bill.total(),
                "usd_per_million_quotes": bill.per_million(quotes),
            })
        };
        let saving = |saving: &Saving| json!({ "change": saving.what, "usd": saving.usd });
        json!({
            "symbols": self.load.symbols,
            "interval_seconds": self.load.interval,
            "hours": if self.load.hours == Hours::Market { "market" } else { "always" },
            "mode": if self.mode == Mode::Provisioned { "provisioned" } else { "on-demand" },
            "quotes_per_month": quotes,
            "region": self.prices.region,
            "prices_of": self.prices.date,
            "stockflow": bill(&self.ours),
            "original": bill(&self.original),
            "savings": self.savings.iter().map(saving).collect::<Vec<_>>(),
        })
    }
}

fn cells(line: Option<&Line>) -> [Cell; 2] {
    line.map_or_else(
        || [Cell::text(""), Cell::text("")],
        |line| [units(line.quantity), usd(line.usd)],
    )
}

fn units(quantity: f64) -> Cell {
    let decimals = if quantity >= 100.0 || quantity.fract() == 0.0 { 0 } else { 3 };
    Cell::Number(format!("{quantity:.decimals$}"))
}

fn usd(usd: f64) -> Cell {
    Cell::Number(format!("{usd:.3}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::cost::{original, ours, ours::Plan, saving};

    fn text(format: Format) -> String {
        let (load, plan) = (Load::new(10, 30.0, Hours::Market), Plan::default());
        let prices = Prices::us_east_1();
        let estimate = Estimate {
            load,
            mode: plan.mode,
            ours: ours::bill(&load, &plan, &prices),
            original: original::bill(&load, &prices),
            savings: saving::savings(&load, &plan, &prices),
            prices,
        };
        let mut out = Vec::new();
        estimate.write(&mut out, format, None).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_form_has_the_same_sums() {
        let json: Value = serde_json::from_str(&text(Format::Json)).unwrap();
        for whose in ["stockflow", "original"] {
            let lines = json[whose]["components"].as_array().unwrap();
            let sum: f64 = lines.iter().map(|line| line["usd"].as_f64().unwrap()).sum();
            let total = json[whose]["total_usd"].as_f64().unwrap();
            assert!((sum - total).abs() < 1e-9);
            let total = format!("{total:.3}");
            for form in [Format::Csv, Format::Table] {
                let text = text(form);
                let line = text.lines().find(|line| line.starts_with("total")).unwrap();
                assert!(line.contains(&total), "{line}: {total}");
            }
        }
    }

    #[test]
    fn a_table_says_what_load_at_which_prices_and_what_to_do_next() {
        let text = text(Format::Table);
        assert!(
            text.starts_with(
                "10 symbols, a quote each every 30 s, 21 days of 6.5 hours: 163800 quotes"
            ),
            "{text}"
        );
        assert!(text.contains("us-east-1 (20"), "{text}");
        assert!(text.contains("\nNext saving: "), "{text}");
    }
}
