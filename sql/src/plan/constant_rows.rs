//! Rows of constants as a statement writes them: where each stands in the text and what it looks like. Nothing is read as a value of
//! a type here.

use std::borrow::Cow;

/// How a constant is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConstantForm {
    /// NULL
    Null,
    /// `true`, `false`
    Boolean,
    /// Digits, with or without a sign.
    Integer,
    /// Digits with a point among them, with or without a sign.
    Decimal,
    /// `'text'`
    Text,
    /// `'text'` in which quotes are doubled.
    QuotedText,
}

/// A constant and its place in the text, in bytes, without quotes around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Constant {
    /// How it is written.
    pub form: ConstantForm,
    /// Its first byte.
    pub start: u32,
    /// Where it ends.
    pub end: u32,
}

/// Rows of the same number of constants.
#[derive(Clone, Debug, PartialEq)]
pub struct ConstantRows {
    text: String,
    constants: Vec<Constant>,
    width: usize,
}

impl ConstantRows {
    /// Rows of `width` constants (at least 1) that stand in `text`, row after row.
    pub(crate) fn new(text: String, constants: Vec<Constant>, width: usize) -> Self {
        debug_assert!(width > 0 && constants.len().is_multiple_of(width));
        ConstantRows { text, constants, width }
    }

    /// Constants of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// How many rows.
    pub fn row_count(&self) -> usize {
        self.constants.len() / self.width
    }

    /// The constants of the rows at one place, from a row on.
    pub fn column(&self, place: usize, first_row: usize) -> impl Iterator<Item = Constant> + '_ {
        let first = first_row * self.width + place;
        self.constants
            .get(first..)
            .unwrap_or_default()
            .iter()
            .step_by(self.width)
            .copied()
    }

    /// What a constant says; `None` for NULL.
    pub fn value(&self, constant: Constant) -> Option<Cow<'_, str>> {
        let text = self.text.get(constant.start as usize..constant.end as usize);
        let text = text.unwrap_or_default();
        match constant.form {
            ConstantForm::Null => None,
            ConstantForm::QuotedText => Some(Cow::Owned(text.replace("''", "'"))),
            _ => Some(Cow::Borrowed(text)),
        }
    }
}
