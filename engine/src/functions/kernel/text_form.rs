//! Arguments of any type as the text that their type's output gives them: what `concat` and `format` put together.

use crate::error::{Error, Result};
use crate::format::FormatSettings;
use crate::format::text::ColumnWriter;
use crate::functions::Value;
use crate::types::LogicalType;
use arrow_array::cast::AsArray;
use arrow_array::{Array, StringViewArray};

/// A column and how its values are written.
pub(crate) struct TextForm<'a> {
    value: &'a Value,
    form: Form<'a>,
}

enum Form<'a> {
    /// The value is its text.
    Text(&'a StringViewArray),
    Written(ColumnWriter<'a>),
}

impl<'a> TextForm<'a> {
    /// For a column of a type.
    pub(crate) fn new(value: &'a Value, data_type: &LogicalType, settings: &'a FormatSettings) -> Self {
        let array = value.array();
        let form = match (array.as_string_view_opt(), data_type) {
            // Blanks belong to the text form of char(n).
            (_, LogicalType::Char(_)) | (None, _) => Form::Written(ColumnWriter::new(array, data_type, settings)),
            (Some(texts), _) => Form::Text(texts),
        };
        TextForm { value, form }
    }

    fn index(&self, row: usize) -> usize {
        if self.value.is_constant() { 0 } else { row }
    }

    /// Whether the row's value is NULL.
    pub(crate) fn is_null(&self, row: usize) -> bool {
        self.value.is_null_constant() || self.value.array().is_null(self.index(row))
    }

    /// Appends the row's value, which must not be NULL.
    ///
    /// # Errors
    /// [`Error::Internal`] where a text form is not UTF-8.
    pub(crate) fn write(&self, row: usize, out: &mut String) -> Result<()> {
        let at = self.index(row);
        match &self.form {
            Form::Text(texts) => out.push_str(texts.value(at)),
            Form::Written(writer) => {
                let mut bytes = Vec::new();
                writer.write(at, &mut bytes);
                let text =
                    std::str::from_utf8(&bytes).map_err(|_| Error::Internal("a text form is not UTF-8".into()))?;
                out.push_str(text);
            }
        }
        Ok(())
    }
}
