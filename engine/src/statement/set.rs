//! SHOW; SET and RESET belong to the session ([`crate::connection`]).

use super::query::stored_rows;
use super::{Effect, Run};
use crate::connection::{Outcome, RowsTag};
use crate::error::Result;
use crate::rows::{ResultColumn, RowBatch, Rows};
use crate::settings::{DEFINITIONS, find, unknown};
use crate::types::LogicalType;
use arrow_array::{ArrayRef, StringViewArray};
use std::collections::VecDeque;
use std::sync::Arc;

/// SHOW name, or all.
pub(super) fn show(run: &Run<'_>, name: Option<&str>) -> Result<Effect> {
    let settings = &run.view.settings;
    let columns = columns(name);
    let rows = match name {
        Some(name) => {
            let value = settings.get(name).ok_or_else(|| unknown(name))?;
            text_rows(columns, vec![vec![value]])
        }
        None => {
            let values = DEFINITIONS
                .iter()
                .map(|definition| settings.value(definition).to_owned());
            let names = DEFINITIONS.iter().map(|definition| definition.name.to_owned());
            let sentences = DEFINITIONS.iter().map(|definition| definition.sentence.to_owned());
            text_rows(columns, vec![names.collect(), values.collect(), sentences.collect()])
        }
    };
    Ok(Effect::outcome(Outcome::Rows(rows, RowsTag::Tag("SHOW".into()))))
}

/// The columns of SHOW.
pub(crate) fn columns(name: Option<&str>) -> Arc<[ResultColumn]> {
    let column = |name: &str| ResultColumn {
        origin: None,
        name: name.to_owned(),
        data_type: LogicalType::Text,
    };
    match name {
        Some(name) => Arc::from([column(find(name).map_or(name, |definition| definition.name))]),
        None => ["name", "setting", "description"].map(column).into(),
    }
}

/// Rows of texts, given column by column.
pub(super) fn text_rows(columns: Arc<[ResultColumn]>, values: Vec<Vec<String>>) -> Rows {
    let row_count = values.first().map_or(0, Vec::len);
    let arrays = values
        .into_iter()
        .map(|values| Arc::new(StringViewArray::from_iter_values(values)) as ArrayRef);
    let batch = RowBatch {
        columns: arrays.collect(),
        row_count,
    };
    stored_rows(columns, VecDeque::from([batch]))
}
