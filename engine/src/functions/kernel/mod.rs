//! Loops over columns that many functions share: reading arguments, mapping them, comparing them. No function by name.

pub(crate) mod arguments;
pub(crate) mod binary;
pub(crate) mod bits;
pub(crate) mod compare;
pub(crate) mod encoded;
pub(crate) mod numerics;
pub(crate) mod random;
pub(crate) mod set;
pub(crate) mod text;
pub(crate) mod text_form;

pub(crate) use arguments::{Column, Primitives, Texts};
