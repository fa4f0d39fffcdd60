//! Values as JSON: numbers and booleans as they are, JSON as it stands, times in ISO 8601, everything else quoted.

use crate::error::{Error, Result, SqlState};
use crate::format::FormatSettings;
use crate::format::text::ColumnWriter;
use crate::types::LogicalType;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};

/// Writes values.
pub(super) struct JsonWriter<'a> {
    settings: &'a FormatSettings,
    is_binary: bool,
}

impl<'a> JsonWriter<'a> {
    pub(super) fn new(settings: &'a FormatSettings, is_binary: bool) -> Self {
        JsonWriter { settings, is_binary }
    }

    /// Appends a value of a plain array.
    pub(super) fn write(&self, array: &ArrayRef, row: usize, data_type: &LogicalType, out: &mut String) -> Result<()> {
        if array.is_null(row) {
            out.push_str("null");
            return Ok(());
        }
        match data_type {
            LogicalType::Boolean => out.push_str(match array.as_boolean().value(row) {
                true => "true",
                false => "false",
            }),
            LogicalType::Json if self.is_binary => {
                return Err(Error::user(
                    SqlState::FEATURE_NOT_SUPPORTED,
                    "json inside jsonb aggregates is not supported; cast it to jsonb",
                ));
            }
            LogicalType::Json | LogicalType::Jsonb => out.push_str(array.as_string_view().value(row)),
            LogicalType::Array(element) => self.write_array(array, row, element, out)?,
            LogicalType::Record(fields) => self.write_record(array, row, fields, out)?,
            data_type if data_type.is_numeric() => {
                let text = self.plain_text(array, row, data_type)?;
                match text.starts_with(|first: char| first.is_ascii_digit() || first == '-') && text != "-Infinity" {
                    true => out.push_str(&text),
                    false => quote(&text, out),
                }
            }
            data_type => {
                let text = self.plain_text(array, row, data_type)?;
                match data_type {
                    LogicalType::Timestamp | LogicalType::TimestampTz => quote(&iso_8601(&text), out),
                    _ => quote(&text, out),
                }
            }
        }
        Ok(())
    }

    fn write_array(&self, array: &ArrayRef, row: usize, element: &LogicalType, out: &mut String) -> Result<()> {
        let elements = array.as_list::<i32>().value(row);
        out.push('[');
        for at in 0..elements.len() {
            if at > 0 {
                out.push_str(if self.is_binary { ", " } else { "," });
            }
            self.write(&elements, at, element, out)?;
        }
        out.push(']');
        Ok(())
    }

    fn write_record(
        &self,
        array: &ArrayRef,
        row: usize,
        fields: &[(String, LogicalType)],
        out: &mut String,
    ) -> Result<()> {
        let columns = array.as_struct().columns();
        let mut order: Vec<usize> = (0..columns.len().min(fields.len())).collect();
        if self.is_binary {
            order.sort_by_key(|at| (fields[*at].0.len(), &fields[*at].0));
        }
        out.push('{');
        for (number, at) in order.into_iter().enumerate() {
            if number > 0 {
                out.push_str(if self.is_binary { ", " } else { "," });
            }
            quote(&fields[at].0, out);
            out.push_str(if self.is_binary { ": " } else { ":" });
            self.write(&columns[at], row, &fields[at].1, out)?;
        }
        out.push('}');
        Ok(())
    }

    /// The text form of a value that is not NULL.
    pub(super) fn plain_text(&self, array: &ArrayRef, row: usize, data_type: &LogicalType) -> Result<String> {
        let mut bytes = Vec::new();
        ColumnWriter::new(array, data_type, self.settings).write(row, &mut bytes);
        String::from_utf8(bytes).map_err(|_| Error::Internal("a text form that is not UTF-8".into()))
    }
}

/// `2024-01-01 00:00:00+00` as `2024-01-01T00:00:00+00:00`.
fn iso_8601(text: &str) -> String {
    let mut iso = text.replacen(' ', "T", 1);
    let zone = iso.rfind(['+', '-']).filter(|at| iso[..*at].contains('T'));
    if zone.is_some_and(|at| iso.len() - at == 3) {
        iso.push_str(":00");
    }
    iso
}

/// Appends a JSON string.
pub(super) fn quote(text: &str, out: &mut String) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            control if control < ' ' => out.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped_and_times_are_iso() {
        let mut text = String::new();
        quote("a\"b\\c\n\u{1}ä", &mut text);
        assert_eq!(text, "\"a\\\"b\\\\c\\n\\u0001ä\"");
        assert_eq!(iso_8601("2024-01-02 03:04:05"), "2024-01-02T03:04:05");
        assert_eq!(iso_8601("2024-01-02 03:04:05.5+00"), "2024-01-02T03:04:05.5+00:00");
        assert_eq!(iso_8601("2024-01-02 03:04:05+05:30"), "2024-01-02T03:04:05+05:30");
    }
}
