//! The rows of a query that ran in this process, as the texts that a client would read.

use arrow_array::Array;
use stoa_engine::connection::Connection;
use stoa_engine::format::text::ColumnWriter;
use stoa_engine::rows::Rows;

/// All rows; `None` is NULL.
///
/// # Errors
/// Whatever the query runs into.
pub fn read_texts(rows: &mut Rows, connection: &Connection) -> stoa_engine::Result<Vec<Vec<Option<String>>>> {
    let settings = connection.format_settings();
    let columns = rows.columns().clone();
    let mut lines = Vec::new();
    while let Some(batch) = rows.next_batch()? {
        let arrays = columns.iter().zip(&batch.columns);
        let writers: Vec<_> = arrays
            .map(|(column, array)| (ColumnWriter::new(array, &column.data_type, &settings), array))
            .collect();
        for row in 0..batch.row_count {
            let values = writers.iter().map(|(writer, array)| {
                if array.is_null(row) {
                    return None;
                }
                let mut bytes = Vec::new();
                writer.write(row, &mut bytes);
                Some(String::from_utf8_lossy(&bytes).into_owned())
            });
            lines.push(values.collect());
        }
    }
    Ok(lines)
}
