//! The arguments of `jsonb_path_exists` and kin: a document, a path, and perhaps variables and whether errors are passed over.

use crate::error::Result;
use crate::functions::jsonpath::{Path, Query};
use crate::functions::kernel::{Column, Texts};
use crate::functions::scalar::signature::*;
use crate::functions::{Call, StatementContext};
use crate::types::{Literal, LogicalType};
use arrow_array::BooleanArray;
use std::sync::LazyLock;
use stoa_sql::catalog::{FunctionInfo, NamedParameter, Signature};

/// Without variables.
const NO_VARIABLES: &str = "{}";

/// Overloads of a function that answers so.
pub(crate) const fn signatures(returns: Returns) -> [Signature; 3] {
    [
        signature(&[JSONB, JSONPATH], returns),
        signature(&[JSONB, JSONPATH, JSONB], returns),
        signature(&[JSONB, JSONPATH, JSONB, BOOLEAN], returns),
    ]
}

static PARAMETERS: LazyLock<[NamedParameter; 4]> = LazyLock::new(|| {
    [
        required("target"),
        required("path"),
        optional("vars", Literal::Text(NO_VARIABLES.to_owned()), LogicalType::Jsonb),
        optional("silent", Literal::Boolean(false), LogicalType::Boolean),
    ]
});

/// The function with the names of its parameters.
pub(crate) fn with_names(info: FunctionInfo) -> FunctionInfo {
    named(info, &*PARAMETERS)
}

/// The arguments of all rows.
pub(super) struct PathArguments<'c> {
    documents: Texts<'c>,
    paths: Texts<'c>,
    variables: Option<Texts<'c>>,
    silent: Option<Column<'c, BooleanArray>>,
    is_operator: bool,
    zoned: bool,
    statement: &'c StatementContext,
}

impl<'c> PathArguments<'c> {
    /// Of a function, or of an operator, which passes over errors and whose variables are null.
    pub(super) fn of(call: &'c Call<'_>, is_operator: bool, zoned: bool) -> Result<Self> {
        Ok(PathArguments {
            documents: call.texts(0)?,
            paths: call.texts(1)?,
            variables: call.arguments.get(2).map(|argument| argument.texts()).transpose()?,
            silent: call.arguments.get(3).map(|argument| argument.booleans()).transpose()?,
            is_operator,
            zoned,
            statement: call.statement,
        })
    }

    /// What a row asks.
    ///
    /// # Errors
    /// Where its path is none.
    pub(super) fn path(&self, row: usize) -> Result<std::rc::Rc<Path>> {
        crate::functions::jsonpath::read(self.paths.value(row))
    }

    /// What a row asks of its document.
    pub(super) fn query<'q>(&self, row: usize, path: &'q Path) -> Query<'q>
    where
        'c: 'q,
    {
        let variables = match &self.variables {
            Some(variables) => Some(variables.value(row)),
            None if self.is_operator => None,
            None => Some(NO_VARIABLES),
        };
        Query {
            path,
            document: self.documents.value(row),
            variables,
            silent: self.is_operator || self.silent.as_ref().is_some_and(|silent| silent.value(row)),
            zoned: self.zoned,
            statement: self.statement,
        }
    }
}

/// Answers with one truth value per row, or NULL; rows with a NULL argument are not asked for.
pub(super) fn map_truths(
    call: &Call<'_>,
    is_operator: bool,
    zoned: bool,
    truth: impl Fn(&Query<'_>) -> Result<Option<bool>>,
) -> Result<crate::functions::Value> {
    let arguments = PathArguments::of(call, is_operator, zoned)?;
    let nulls = call.nulls();
    let mut truths = Vec::with_capacity(call.row_count);
    for row in 0..call.row_count {
        let is_null = nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
        truths.push(match is_null {
            true => None,
            false => truth(&arguments.query(row, &*arguments.path(row)?))?,
        });
    }
    let array = BooleanArray::from(truths);
    Ok(crate::functions::Value::Array(std::sync::Arc::new(array)))
}
