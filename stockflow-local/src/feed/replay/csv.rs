//! Comma-separated quotes, with a header that names the columns.

use stockflow_core::{Price, Quote, Symbol, TickNumbering, Timestamp, Volume};

use super::text::{ParseLine, excerpt};

/// The columns that have to be there, in any order and among any others.
const COLUMNS: [&str; 8] =
    ["timestamp", "symbol", "open", "high", "low", "price", "previous_close", "volume"];

/// Reads a row at a time: a quoted line break would let one stray quotation mark swallow the rest of the file.
#[derive(Debug)]
pub(super) struct Csv {
    /// For each field of a row, which of [`COLUMNS`] it is.
    fields: Vec<Option<usize>>,
    numbering: TickNumbering,
    unquoted: Vec<Vec<u8>>,
}

impl Csv {
    /// The columns of a header, or what is wrong with it.
    pub(super) fn from_header(line: &[u8]) -> Result<Self, String> {
        let mut names = Vec::new();
        if split_quoted(line, &mut names).is_none() {
            return Err(format!("{}, which is no header", excerpt(line)));
        }
        let fields: Vec<Option<usize>> = names
            .iter()
            .map(|name| {
                let name = name.trim_ascii();
                COLUMNS.iter().position(|column| name.eq_ignore_ascii_case(column.as_bytes()))
            })
            .collect();
        for (index, column) in COLUMNS.iter().enumerate() {
            match fields.iter().filter(|field| **field == Some(index)).count() {
                1 => {}
                0 => return Err(format!("{}, without the column {column}", excerpt(line))),
                _ => return Err(format!("{}, with the column {column} twice", excerpt(line))),
            }
        }
        Ok(Self { fields, numbering: TickNumbering::default(), unquoted: Vec::new() })
    }

    /// What a file has to begin with, for people.
    pub(super) fn expected() -> String {
        format!("a CSV header with the columns {}", COLUMNS.join(","))
    }

    fn quote(&mut self, values: &[&[u8]; COLUMNS.len()]) -> Result<Quote, String> {
        let [timestamp, symbol, open, high, low, price, previous_close, volume] = *values;
        let symbol = Symbol::from_bytes(symbol).map_err(|error| error.to_string())?;
        let time =
            Timestamp::from_bytes(timestamp).map_err(|e| wrong("timestamp", timestamp, e))?;
        let quote = Quote {
            symbol,
            timestamp: time,
            open: Price::from_bytes(open).map_err(|e| wrong("open", open, e))?,
            high: Price::from_bytes(high).map_err(|e| wrong("high", high, e))?,
            low: Price::from_bytes(low).map_err(|e| wrong("low", low, e))?,
            price: Price::from_bytes(price).map_err(|e| wrong("price", price, e))?,
            previous_close: Price::from_bytes(previous_close)
                .map_err(|e| wrong("previous_close", previous_close, e))?,
            volume: Volume::from_bytes(volume).map_err(|e| wrong("volume", volume, e))?,
        };
        // Last: a row that is no quote takes no number.
        Ok(Quote { timestamp: self.numbering.number(symbol, time), ..quote })
    }
}

impl ParseLine for Csv {
    fn parse(&mut self, line: &[u8]) -> Result<Quote, String> {
        let mut values: [&[u8]; COLUMNS.len()] = [&[]; COLUMNS.len()];
        let expected = self.fields.len();
        let mut count = 0;
        let mut put = |field: &[Option<usize>], value| {
            if let Some(&Some(column)) = field.get(count) {
                values[column] = value;
            }
            count += 1;
        };
        if memchr::memchr(b'"', line).is_none() {
            let mut start = 0;
            for comma in memchr::memchr_iter(b',', line) {
                put(&self.fields, line[start..comma].trim_ascii());
                start = comma + 1;
            }
            put(&self.fields, line[start..].trim_ascii());
            if count != expected {
                return Err(format!("{count} fields, the header has {expected}"));
            }
            return self.quote(&values);
        }
        let mut fields = std::mem::take(&mut self.unquoted);
        if split_quoted(line, &mut fields).is_none() {
            return Err(
                "a quotation mark is not closed on its line, or not at a field's end".into()
            );
        }
        for field in &fields {
            put(&self.fields, field.trim_ascii());
        }
        let read = if count == expected {
            self.quote(&values)
        } else {
            Err(format!("{count} fields, the header has {expected}"))
        };
        self.unquoted = fields;
        read
    }
}

fn wrong(column: &str, value: &[u8], error: impl std::fmt::Display) -> String {
    format!("{column} is {}: {error}", excerpt(value))
}

/// Cuts a line at its commas, quotation marks removed; none if they do not pair.
fn split_quoted(line: &[u8], fields: &mut Vec<Vec<u8>>) -> Option<()> {
    fields.clear();
    let mut rest = line;
    loop {
        let mut field = Vec::new();
        if let [b'"', inside @ ..] = rest {
            rest = inside;
            loop {
                let mark = memchr::memchr(b'"', rest)?;
                field.extend_from_slice(&rest[..mark]);
                rest = &rest[mark + 1..];
                let [b'"', after @ ..] = rest else { break };
                field.push(b'"');
                rest = after;
            }
        } else {
            let end = memchr::memchr(b',', rest).unwrap_or(rest.len());
            field.extend_from_slice(&rest[..end]);
            rest = &rest[end..];
        }
        fields.push(field);
        match rest {
            [] => return Some(()),
            [b',', after @ ..] => rest = after,
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &[u8] = b"timestamp,symbol,open,high,low,price,previous_close,volume";

    fn read(header: &[u8], line: &[u8]) -> Result<Quote, String> {
        Csv::from_header(header).unwrap().parse(line)
    }

    #[test]
    fn columns_may_come_in_any_order_among_others_and_in_quotation_marks() {
        let plain = read(HEADER, b"2013-10-07T13:30:00Z,IBM,1,4,0.5,2,3,100").unwrap();
        let other = b"note,Volume,\"symbol\",price,low,high, open ,previous_close,timestamp";
        let line = b"\"a, \"\"b\"\"\",\"100\",IBM,2,0.5,4, 1 ,3,2013-10-07T13:30:00Z";
        assert_eq!(read(other, line), Ok(plain));
    }

    #[test]
    fn a_header_without_a_column_or_with_one_twice_is_refused() {
        let found = Csv::from_header(b"timestamp,symbol,open,high,low,price,volume").unwrap_err();
        assert!(found.ends_with("without the column previous_close"), "{found}");
        let twice = [HEADER, b",price"].concat();
        assert!(Csv::from_header(&twice).unwrap_err().ends_with("the column price twice"));
        assert!(Csv::from_header(b"\x7fELF\x02\x01\0\0").is_err());
    }

    #[test]
    fn a_reason_names_column_and_value() {
        for (line, reason) in [
            ("2013-10-07T13:30:00Z,IBM,1,4,0.5,2,3", "7 fields, the header has 8"),
            ("2013-10-07T13:30:00Z,IBM,1,4,0.5,2,3,1,9", "9 fields, the header has 8"),
            ("now,IBM,1,4,0.5,2,3,1", "timestamp is \"now\": not an RFC 3339"),
            (
                "2013-10-07T13:30:00Z,IBM,1,4,0.5,x\0,3,1",
                "price is \"x\\x00\": not a decimal number",
            ),
            ("2013-10-07T13:30:00Z,IBM,1,-4,0.5,2,3,1", "high is \"-4\": outside"),
            ("2013-10-07T13:30:00Z,,1,4,0.5,2,3,1", "symbol is empty"),
            ("2013-10-07T13:30:00Z,IBM,1,4,0.5,2,3,0.5", "volume is \"0.5\": not a whole number"),
            ("2013-10-07T13:30:00Z,IBM,1,4,0.5,2,3,\"1", "a quotation mark"),
            ("2013-10-07T13:30:00Z,IBM,1,4,0.5,2,3,\"1\"2", "a quotation mark"),
        ] {
            let found = read(HEADER, line.as_bytes()).unwrap_err();
            assert!(found.starts_with(reason), "{found}");
        }
    }

    #[test]
    fn rows_of_one_millisecond_are_numbered_and_broken_ones_take_no_number() {
        let mut csv = Csv::from_header(HEADER).unwrap();
        let good = b"2013-10-07T13:30:00.019Z,IBM,1,4,0.5,2,3,100";
        let mut times = Vec::new();
        for line in [good.as_slice(), b"2013-10-07T13:30:00.019Z,IBM,1,4,0.5,2,3,?", good] {
            times.extend(csv.parse(line).map(|quote| quote.timestamp.as_micros() % 1_000));
        }
        assert_eq!(times, [0, 1]);
    }
}
