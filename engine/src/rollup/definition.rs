//! A rollup's definition as storage keeps it with the table: the query of its materialized view and what the names in it stand for. A
//! small JSON object that begins with its version, complete in itself: whoever makes partials has no catalog.

use crate::catalog::view_reference::ViewReference;
use crate::error::{Error, Result};
use serde_json::{Value, json};
use std::sync::Arc;

/// The encoding written now.
const VERSION: u64 = 1;

/// See the module.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RollupDefinition {
    /// The number of its materialized view.
    pub(crate) view: u32,
    /// The text after AS.
    pub(crate) query: String,
    /// The table in it.
    pub(crate) table: ViewReference,
}

impl RollupDefinition {
    /// As bytes.
    pub(crate) fn write(&self) -> Arc<[u8]> {
        let value = json!({
            "version": VERSION, "view": self.view, "query": self.query, "table": self.table.to_json(),
        });
        Arc::from(value.to_string().into_bytes())
    }

    /// Of bytes.
    ///
    /// # Errors
    /// Bytes that are none.
    pub(crate) fn read(bytes: &[u8]) -> Result<Self> {
        let read = || {
            let value: Value = serde_json::from_slice(bytes).ok()?;
            if value.get("version")?.as_u64()? != VERSION {
                return None;
            }
            Some(RollupDefinition {
                view: u32::try_from(value.get("view")?.as_u64()?).ok()?,
                query: value.get("query")?.as_str()?.to_owned(),
                table: ViewReference::from_json(value.get("table")?)?,
            })
        };
        read().ok_or_else(|| Error::Internal("the definition of a rollup does not read back".into()))
    }
}
