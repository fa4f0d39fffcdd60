//! JSON values in tests.

use crate::functions::scalar::testing::Typed;
use crate::types::{Literal, LogicalType};

/// `jsonb`; the text is in normal form already.
pub(crate) fn jsonb(text: &str) -> Typed {
    (Literal::Text(text.to_owned()), LogicalType::Jsonb)
}

/// `json`
pub(crate) fn json(text: &str) -> Typed {
    (Literal::Text(text.to_owned()), LogicalType::Json)
}

/// `jsonpath`; the text is in canonical form already.
pub(crate) fn jsonpath(text: &str) -> Typed {
    (Literal::Text(text.to_owned()), LogicalType::Jsonpath)
}

/// A text-like value, or NULL.
pub(crate) fn optional(text: Option<&str>, data_type: LogicalType) -> Typed {
    let literal = text.map_or(Literal::Null, |text| Literal::Text(text.to_owned()));
    (literal, data_type)
}
