//! What a search has found so far, or only whether it found something.

use super::error::Failure;
use super::item::Item;
use crate::error::{Error, SqlState};
use crate::limits::JSONPATH_ITEMS_MAX;

/// The values found so far, or whether there is one.
#[derive(Debug)]
pub(super) struct Found<'d> {
    items: Option<Vec<Item<'d>>>,
}

impl<'d> Found<'d> {
    /// All values are wanted.
    pub(super) fn all() -> Self {
        Found {
            items: Some(Vec::new()),
        }
    }

    /// One is enough, and not even looked at.
    pub(super) fn any() -> Self {
        Found { items: None }
    }

    pub(super) fn is_enough(&self) -> bool {
        self.items.is_none()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.items.as_ref().is_none_or(Vec::is_empty)
    }

    pub(super) fn push(&mut self, item: Item<'d>) -> Result<(), Failure> {
        let Some(items) = &mut self.items else {
            return Ok(());
        };
        if items.len() >= JSONPATH_ITEMS_MAX {
            let message = format!("a jsonpath finds more than {JSONPATH_ITEMS_MAX} values");
            return Err(Error::user(SqlState::PROGRAM_LIMIT_EXCEEDED, message).into());
        }
        items.push(item);
        Ok(())
    }

    pub(super) fn into_items(self) -> Vec<Item<'d>> {
        self.items.unwrap_or_default()
    }
}
