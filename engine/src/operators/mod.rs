//! The operators: what runs inside pipelines. A file or folder each; each implements one of the three roles of
//! [`crate::pipeline`] and knows neither plans nor SQL.
