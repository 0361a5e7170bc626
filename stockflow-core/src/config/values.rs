//! Parameters of detectors.

use super::{error::ConfigError, item::Value as Written, section::Section, span};
use crate::{
    InvalidConfig, Price,
    params::{Entry, Param, ParamKind, Value, Values},
};

/// `values` with what `section` says of `params`.
pub(super) fn read(
    section: &Section,
    params: &[Param],
    mut values: Values,
) -> Result<Values, ConfigError> {
    for param in params {
        let Some(written) = section.value(param.name) else { continue };
        let allowed = || section.invalid(param.name, param.kind.to_string());
        let value = value(param.kind, written).ok_or_else(allowed)?;
        values.set(param, value).map_err(|_| allowed())?;
    }
    Ok(values)
}

/// Whether the detector can be built: parameters may contradict each other.
pub(super) fn check<D: ?Sized>(
    section: &Section,
    entry: &Entry<D>,
    values: &Values,
) -> Result<(), ConfigError> {
    let error = |invalid: InvalidConfig| section.invalid_value(invalid, None);
    (entry.build)(values).map(drop).map_err(error)
}

fn value(kind: ParamKind, written: &Written) -> Option<Value> {
    Some(match (kind, written) {
        (ParamKind::Integer { .. }, Written::Integer(value)) => Value::Integer(*value),
        (ParamKind::Number { .. }, Written::Integer(value)) => Value::Number(*value as f64),
        (ParamKind::Number { .. }, Written::Number(text)) => Value::Number(text.parse().ok()?),
        (ParamKind::Duration { .. }, Written::Text(text)) => Value::Duration(span::parse(text)?),
        (ParamKind::Price, Written::Integer(value)) => Value::Price(price(&value.to_string())?),
        (ParamKind::Price, Written::Number(text) | Written::Text(text)) => {
            Value::Price(price(text)?)
        }
        _ => return None,
    })
}

fn price(text: &str) -> Option<Price> {
    text.parse().ok()
}
