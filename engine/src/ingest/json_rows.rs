//! Rows as lines of JSON: an object each, with the columns' names in their order. The counterpart of `json_lines`.

use crate::error::Result;
use crate::format::FormatSettings;
use crate::functions::scalar::json::document::quote_into;
use crate::functions::scalar::json::write::{JsonWriter, Style};
use crate::rows::ResultColumn;
use arrow_array::ArrayRef;

/// Appends the rows of a batch; returns where in `out` each of them ends.
///
/// # Errors
/// A value that has no JSON: a bug.
pub(super) fn write(
    columns: &[ResultColumn],
    arrays: &[ArrayRef],
    row_count: usize,
    settings: &FormatSettings,
    out: &mut Vec<u8>,
) -> Result<Vec<usize>> {
    let members: Vec<(String, JsonWriter<'_>)> = columns
        .iter()
        .zip(arrays)
        .enumerate()
        .map(|(at, (column, array))| {
            let mut name = String::from(if at == 0 { "{" } else { "," });
            quote_into(&column.name, &mut name);
            name.push(':');
            (name, JsonWriter::new(array, &column.data_type, Style::Json, settings))
        })
        .collect();
    let mut ends = Vec::with_capacity(row_count);
    let mut line = String::new();
    for row in 0..row_count {
        line.clear();
        if members.is_empty() {
            line.push('{');
        }
        for (name, writer) in &members {
            line.push_str(name);
            writer.write(row, &mut line)?;
        }
        line.push('}');
        let begin = out.len();
        out.extend_from_slice(line.as_bytes());
        // Values of type json are kept as they came: with line ends between their parts, and nowhere else.
        for byte in out.iter_mut().skip(begin).filter(|byte| matches!(byte, b'\n' | b'\r')) {
            *byte = b' ';
        }
        out.push(b'\n');
        ends.push(out.len());
    }
    Ok(ends)
}
