//! Bound bytes to literals of the statement's parameter types.

use super::message::{Bind, Format};
use stoa_engine::error::SqlState;
use stoa_engine::format::{FormatSettings, binary, text};
use stoa_engine::types::{Literal, LogicalType};
use stoa_engine::{Error, Result};

/// The literals of a Bind, one per parameter of the statement.
///
/// # Errors
/// Too many or too few values, or bytes that are no value of their type; the message names the parameter.
pub(super) fn literals(bind: &Bind<'_>, types: &[LogicalType], settings: &FormatSettings) -> Result<Vec<Literal>> {
    if bind.parameters.len() != types.len() {
        return Err(Error::user(
            SqlState("08P01"),
            format!(
                "bind message supplies {} parameters, but prepared statement \"{}\" requires {}",
                bind.parameters.len(),
                bind.statement,
                types.len()
            ),
        ));
    }
    let formats = bind
        .parameter_formats
        .expand(types.len(), "parameter")
        .map_err(|error| Error::user(SqlState("08P01"), error.to_string()))?;
    let values = bind.parameters.iter().zip(types).zip(formats).enumerate();
    values
        .map(|(index, ((bytes, data_type), format))| {
            let Some(bytes) = bytes else {
                return Ok(Literal::Null);
            };
            literal(bytes, data_type, format, settings).map_err(|error| at_parameter(error, index + 1))
        })
        .collect()
}

fn literal(bytes: &[u8], data_type: &LogicalType, format: Format, settings: &FormatSettings) -> Result<Literal> {
    match format {
        Format::Binary => Ok(binary::parse_value(bytes, data_type, settings)?),
        Format::Text => {
            let text = std::str::from_utf8(bytes).map_err(|_| {
                Error::user(
                    SqlState::CHARACTER_NOT_IN_REPERTOIRE,
                    "invalid byte sequence for encoding \"UTF8\"",
                )
            })?;
            Ok(text::parse_value(text, data_type, settings)?)
        }
    }
}

fn at_parameter(error: Error, number: usize) -> Error {
    match error {
        Error::Sql(error) if error.detail.is_none() => {
            Error::Sql(error.with_detail(format!("this is parameter ${number}")))
        }
        error => error,
    }
}
