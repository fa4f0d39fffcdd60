//! The operators: what runs inside pipelines. A file or folder each; each implements one of the three roles of
//! [`crate::pipeline`] and knows neither plans nor SQL.

pub(crate) mod asof_join;
pub(crate) mod cte;
pub(crate) mod distinct;
pub(crate) mod fetch;
pub(crate) mod filter;
pub(crate) mod gather;
pub(crate) mod group_table;
pub(crate) mod hash_aggregate;
pub(crate) mod hash_join;
pub(crate) mod key;
pub(crate) mod limit;
pub(crate) mod project;
pub(crate) mod scan;
pub(crate) mod seen_rows;
pub(crate) mod sort;
pub(crate) mod spill;
pub(crate) mod split;
pub(crate) mod stored_lists;
pub(crate) mod table_function;
#[cfg(test)]
pub(crate) mod testing;
pub(crate) mod top_n;
pub(crate) mod values;
pub(crate) mod window;
