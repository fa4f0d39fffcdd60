//! A segment for people to read: what is where, how it is stored, how large it is.

use super::SegmentReader;
use std::fmt::Write;

impl SegmentReader {
    /// Writes the segment's directory, readable.
    ///
    /// # Errors
    /// Those of `out`; damaged blocks are named as such in the text.
    pub fn dump(&self, out: &mut dyn Write) -> std::fmt::Result {
        let footer = &self.footer;
        writeln!(
            out,
            "segment {} ({}): {} rows, {} blocks, {} columns, partition {:?}",
            footer.id.0,
            self.path.display(),
            footer.row_count,
            self.block_count(),
            footer.columns.len(),
            footer.partition.0,
        )?;
        for column in &footer.columns {
            let bytes: u64 = (0..self.block_count())
                .map(|block| self.bytes_of(column.id, block))
                .sum();
            let extras: u64 = column
                .extras
                .iter()
                .map(|(_, part)| footer.parts[*part as usize].length)
                .sum();
            writeln!(
                out,
                "  column {} \"{}\" {}: {bytes} bytes in blocks, {extras} beside, about {} distinct",
                column.id.0,
                column.name,
                column.data_type,
                column
                    .distinct_count
                    .map_or_else(|| "?".into(), |count| count.to_string()),
            )?;
            for block in 0..self.block_count() {
                let form = match self.describe_block(column, block) {
                    Ok(form) => format!("{form:?}"),
                    Err(error) => error.to_string(),
                };
                let encoding = column.encodings[block];
                let rows = self.block_rows(block);
                let summary = column.blocks.summary(block, rows.end - rows.start, &column.data_type);
                write!(
                    out,
                    "    block {block}: {encoding:?} ({form}), {} bytes, {} null",
                    self.bytes_of(column.id, block),
                    summary.null_count
                )?;
                if let (Some(minimum), Some(maximum)) = (&summary.minimum, &summary.maximum) {
                    write!(out, ", from {} to {}", show(minimum), show(maximum))?;
                }
                if let Some(sum) = summary.sum {
                    write!(out, ", sum {sum}")?;
                }
                writeln!(out)?;
            }
        }
        Ok(())
    }
}

/// The one value of an array.
fn show(value: &arrow_array::ArrayRef) -> String {
    let text = format!("{value:?}");
    text.lines()
        .nth(2)
        .unwrap_or_default()
        .trim()
        .trim_end_matches(',')
        .to_string()
}
