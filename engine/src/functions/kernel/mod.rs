//! Loops over columns that many functions share: reading arguments, mapping them, comparing them. No function by name.

pub(crate) mod arguments;
pub(crate) mod text;

pub(crate) use arguments::{Column, Primitives, Texts};
