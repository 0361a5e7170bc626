//! How large DynamoDB takes an item to be.

use serde_json::{Map, Value};

use super::bought::base64_bytes;

/// Bytes of an item in DynamoDB's JSON: names and values, by the [rules] that units are counted by.
///
/// [rules]: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
pub(super) fn size(item: &Value) -> u64 {
    item.as_object().map_or(0, |item| attributes(item, 0))
}

fn attributes(attributes: &Map<String, Value>, overhead: u64) -> u64 {
    attributes.iter().map(|(name, value)| overhead + name.len() as u64 + attribute(value)).sum()
}

fn attribute(value: &Value) -> u64 {
    let Some((tag, value)) = value.as_object().and_then(|value| value.iter().next()) else {
        return 0;
    };
    let each = |size: fn(&Value) -> u64| {
        value.as_array().map_or(0, |values| values.iter().map(size).sum::<u64>())
    };
    match (tag.as_str(), value) {
        ("B", text) => base64_bytes(text),
        ("BS", _) => each(base64_bytes),
        ("S", text) => string(text),
        ("SS", _) => each(string),
        ("N", text) => number(text),
        ("NS", _) => each(number),
        // Lists and maps: 3 bytes, and one more for each element.
        ("L", _) => 3 + each(|element| 1 + attribute(element)),
        ("M", Value::Object(map)) => 3 + attributes(map, 1),
        // Booleans and nulls.
        _ => 1,
    }
}

fn string(text: &Value) -> u64 {
    text.as_str().map_or(0, |text| text.len() as u64)
}

/// A byte, and one for each two significant digits, and one for a sign.
fn number(text: &Value) -> u64 {
    let text = text.as_str().unwrap_or_default();
    let (sign, text) = text.strip_prefix('-').map_or((0, text), |text| (1, text));
    let mantissa = text.split(['e', 'E']).next().unwrap_or_default();
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let significant = digits.trim_start_matches('0').trim_end_matches('0').len() as u64;
    1 + sign + significant.div_ceil(2)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_and_values_count() {
        for (item, bytes) in [
            (json!({}), 0),
            (json!({"a": {"S": "x".repeat(1_024)}}), 1_025),
            (json!({"symbol": {"S": "AAPL"}}), 10),
            (json!({"ä": {"S": "é"}}), 4),
            (json!({"n": {"N": "0"}}), 2),
            (json!({"n": {"N": "189.25"}}), 5),
            (json!({"n": {"N": "-0.00100"}}), 4),
            (json!({"n": {"N": "1E10"}}), 3),
            (json!({"b": {"B": "AAECAw=="}}), 5),
            (json!({"t": {"BOOL": true}, "z": {"NULL": true}}), 4),
            (json!({"s": {"SS": ["ab", "c"]}, "n": {"NS": ["1", "22"]}}), 1 + 3 + 1 + 4),
            (json!({"l": {"L": [{"S": "ab"}, {"N": "1"}]}}), 1 + 3 + 3 + 3),
            (json!({"m": {"M": {"k": {"S": "ab"}, "e": {"L": []}}}}), 1 + 3 + 4 + 5),
        ] {
            assert_eq!(size(&item), bytes, "{item}");
        }
    }
}
