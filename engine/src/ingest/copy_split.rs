//! Lines of csv or text as fields, without columns to put them in: for those who only look.

use super::copy_csv::CsvFormat;
use super::copy_text::TextFormat;
use crate::error::Result;
use stoa_sql::plan::{CopyFormat, CopyOptions};

/// Takes lines apart.
pub(super) struct Splitter {
    format: Format,
}

enum Format {
    Csv(CsvFormat),
    Text(TextFormat),
}

impl Splitter {
    pub(super) fn new(options: &CopyOptions) -> Self {
        Splitter {
            format: match options.format {
                CopyFormat::Csv => Format::Csv(CsvFormat::new(options)),
                _ => Format::Text(TextFormat::new(options)),
            },
        }
    }

    /// Takes the next line's fields (`None` is NULL) from the front of the bytes; false where there is no complete one.
    pub(super) fn next(&mut self, bytes: &mut &[u8], is_end: bool, fields: &mut Vec<Option<Vec<u8>>>) -> Result<bool> {
        fields.clear();
        let length = match &mut self.format {
            Format::Csv(format) => format.split_row(bytes, is_end, fields)?,
            Format::Text(format) => format.split_row(bytes, is_end, fields)?,
        };
        match length {
            Some(length) => {
                *bytes = &bytes[length..];
                Ok(true)
            }
            None => Ok(false),
        }
    }
}
