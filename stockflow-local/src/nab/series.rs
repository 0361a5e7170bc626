use std::{fs, ops::RangeInclusive, path::Path};

use stockflow_core::Result;

use super::BACKEND;
use crate::io;

/// One series with its labels.
#[derive(Clone, Debug)]
pub struct Series {
    /// Within `data/`: a group, a slash, a file name.
    pub path: String,
    /// As in the file.
    pub timestamps: Vec<String>,
    /// As in the file.
    pub texts: Vec<String>,
    /// The same as numbers, all finite.
    pub values: Vec<f64>,
    /// Rows in which a detection is right, in ascending order.
    pub windows: Vec<RangeInclusive<usize>>,
}

impl Series {
    /// Reads `file`, still without windows.
    pub(super) fn read(file: &Path, path: String) -> Result<Self> {
        let text = fs::read_to_string(file)
            .map_err(|error| io::failed(BACKEND, "read series", file, error))?;
        Self::parse(&text, path).map_err(|what| io::corrupt(BACKEND, "read series", file, what))
    }

    fn parse(text: &str, path: String) -> Result<Self, String> {
        let (timestamps, texts, values, windows) = (vec![], vec![], vec![], vec![]);
        let mut series = Self { path, timestamps, texts, values, windows };
        let mut lines = text.lines().enumerate();
        if lines.next().is_none_or(|(_, header)| header != "timestamp,value") {
            return Err("line 1 is not `timestamp,value`".to_owned());
        }
        for (at, line) in lines {
            let wrong = || format!("line {} is no time and finite number: {line:?}", at + 1);
            let (time, value) = line.split_once(',').ok_or_else(wrong)?;
            let number: f64 = value.parse().map_err(|_| wrong())?;
            if !number.is_finite() {
                return Err(wrong());
            }
            series.timestamps.push(time.to_owned());
            series.texts.push(value.to_owned());
            series.values.push(number);
        }
        Ok(series)
    }

    /// Whether the row's time lies within a window. In series whose clock was put back these are more rows than those of the
    /// windows, which the score goes by; so it is in the official results.
    pub(super) fn is_labelled(&self, row: usize) -> bool {
        let time = &self.timestamps[row];
        self.windows.iter().any(|rows| {
            (&self.timestamps[*rows.start()]..=&self.timestamps[*rows.end()]).contains(&time)
        })
    }
}

/// The rows between two times each; a time is that of the first row that has it.
pub(super) fn window_rows(
    timestamps: &[String],
    windows: &[[String; 2]],
) -> Result<Vec<RangeInclusive<usize>>, String> {
    let row = |time: &String| {
        let seconds = time.strip_suffix(".000000").unwrap_or(time);
        let found = timestamps.iter().position(|it| it == seconds);
        found.ok_or_else(|| format!("a window begins or ends at {time}, which is no row"))
    };
    let mut rows = Vec::with_capacity(windows.len());
    for [from, to] in windows {
        let window = row(from)?..=row(to)?;
        if window.is_empty()
            || rows.last().is_some_and(|it: &RangeInclusive<_>| it.end() >= window.start())
        {
            return Err(format!(
                "the window from {from} to {to} is empty or does not follow the one before it"
            ));
        }
        rows.push(window);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "timestamp,value\n\
        2014-01-01 00:00:00,1\n2014-01-01 00:05:00,2.5\n2014-01-01 00:10:00,-3e2\n2014-01-01 00:05:00,0\n";

    fn series() -> Series {
        Series::parse(TEXT, "group/file.csv".to_owned()).unwrap()
    }

    fn windows(pairs: &[[&str; 2]]) -> Result<Vec<RangeInclusive<usize>>, String> {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|pair| pair.map(|minutes| format!("2014-01-01 00:{minutes}:00.000000")))
            .collect();
        window_rows(&series().timestamps, &pairs)
    }

    #[test]
    fn values_are_numbers_and_keep_their_text() {
        assert_eq!(series().values, [1.0, 2.5, -300.0, 0.0]);
        assert_eq!(series().texts[2], "-3e2");
    }

    #[test]
    fn a_line_that_is_no_number_is_named() {
        for bad in ["x", "nan", "inf", ""] {
            let error = Series::parse(&format!("{TEXT}2014-01-01 00:20:00,{bad}\n"), String::new());
            assert!(error.unwrap_err().starts_with("line 6 is no time and finite number"), "{bad}");
        }
        assert!(Series::parse("time,value\n", String::new()).unwrap_err().starts_with("line 1"));
    }

    #[test]
    fn windows_become_rows() {
        assert_eq!(windows(&[["00", "00"], ["05", "10"]]).unwrap(), [0..=0, 1..=2]);
        assert!(windows(&[["00", "07"]]).unwrap_err().contains("00:07:00.000000, which is no row"));
        assert!(windows(&[["10", "00"]]).unwrap_err().contains("is empty"));
        assert!(windows(&[["00", "05"], ["05", "10"]]).unwrap_err().contains("does not follow"));
    }

    #[test]
    fn labels_go_by_time() {
        let mut series = series();
        series.windows = vec![1..=2];
        let labelled: Vec<_> = (0..4).map(|row| series.is_labelled(row)).collect();
        assert_eq!(labelled, [false, true, true, true]);
    }
}
