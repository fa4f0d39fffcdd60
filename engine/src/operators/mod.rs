//! The operators: what runs inside pipelines. A file or folder each; each implements one of the three roles of
//! [`crate::pipeline`] and knows neither plans nor SQL.

pub(crate) mod filter;
pub(crate) mod limit;
pub(crate) mod project;
pub(crate) mod scan;
pub(crate) mod values;
