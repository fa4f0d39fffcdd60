//! CREATE SEQUENCE, and the sequences behind serial and identity columns. Whether the numbers make sense together is found out when
//! the statement runs.

use super::name::{new_name, parts};
use super::{Binder, not_supported};
use crate::catalog::{Identity, TableName};
use crate::error::{Error, Result, SqlState};
use crate::plan::{ColumnDefinition, CreateSequence, SequenceOptions, Statement};
use crate::types::LogicalType;
use sqlparser::ast::{self, DataType, GeneratedAs};

impl Binder<'_> {
    /// `CREATE SEQUENCE name options`
    pub(super) fn bind_create_sequence(
        &mut self,
        name: &ast::ObjectName,
        temporary: bool,
        if_not_exists: bool,
        options: &[ast::SequenceOptions],
    ) -> Result<Statement> {
        Ok(Statement::CreateSequence(CreateSequence {
            name: new_name(name, temporary)?,
            if_not_exists,
            options: self.sequence_options(options)?,
        }))
    }

    fn sequence_options(&mut self, options: &[ast::SequenceOptions]) -> Result<SequenceOptions> {
        let mut read = SequenceOptions::default();
        for option in options {
            let is_new = match option {
                ast::SequenceOptions::DataType(data_type) => {
                    let data_type = self.bind_data_type(data_type)?;
                    read.data_type.replace(data_type).is_none()
                }
                ast::SequenceOptions::IncrementBy(value, _) => read.increment.replace(integer(value)?).is_none(),
                ast::SequenceOptions::MinValue(value) => {
                    let value = value.as_ref().map(integer).transpose()?;
                    read.minimum.replace(value).is_none()
                }
                ast::SequenceOptions::MaxValue(value) => {
                    let value = value.as_ref().map(integer).transpose()?;
                    read.maximum.replace(value).is_none()
                }
                ast::SequenceOptions::StartWith(value, _) => read.start.replace(integer(value)?).is_none(),
                ast::SequenceOptions::Cache(value) => read.cache.replace(integer(value)?).is_none(),
                // The parser library says true for NO CYCLE.
                ast::SequenceOptions::Cycle(is_off) => read.cycle.replace(!is_off).is_none(),
                ast::SequenceOptions::OwnedBy(owner) => {
                    let owner = owner.as_ref().map(owner_column).transpose()?.flatten();
                    read.owner.replace(owner).is_none()
                }
            };
            if !is_new {
                return Err(Error::new(SqlState::SYNTAX_ERROR, "conflicting or redundant options"));
            }
        }
        Ok(read)
    }

    /// `GENERATED {ALWAYS | BY DEFAULT} AS IDENTITY [(options)]`
    pub(super) fn bind_identity(
        &mut self,
        generated_as: &GeneratedAs,
        options: Option<&[ast::SequenceOptions]>,
        column: &mut ColumnDefinition,
    ) -> Result<()> {
        let kind = match generated_as {
            GeneratedAs::Always => Identity::Always,
            GeneratedAs::ByDefault => Identity::ByDefault,
            GeneratedAs::ExpStored => return Err(not_supported("a generated column that is no identity")),
        };
        if !is_counted(&column.data_type) {
            return Err(Error::new(
                SqlState::INVALID_PARAMETER_VALUE,
                "identity column type must be smallint, integer, or bigint",
            ));
        }
        if column.sequence.is_some() || column.default.is_some() {
            return Err(Error::new(
                SqlState::SYNTAX_ERROR,
                format!("both default and identity specified for column \"{}\"", column.name),
            ));
        }
        let mut options = self.sequence_options(options.unwrap_or_default())?;
        options.data_type = Some(column.data_type.clone());
        column.sequence = Some(options);
        column.identity = Some(kind);
        column.nullable = false;
        Ok(())
    }
}

/// The type of numbers that `serial` and its kin count in.
pub(super) fn serial_type(data_type: &DataType) -> Option<LogicalType> {
    let DataType::Custom(name, modifiers) = data_type else {
        return None;
    };
    if !modifiers.is_empty() {
        return None;
    }
    match parts(name).ok()?.as_slice() {
        [name] => match name.as_str() {
            "smallserial" | "serial2" => Some(LogicalType::SmallInt),
            "serial" | "serial4" => Some(LogicalType::Integer),
            "bigserial" | "serial8" => Some(LogicalType::BigInt),
            _ => None,
        },
        _ => None,
    }
}

fn is_counted(data_type: &LogicalType) -> bool {
    matches!(
        data_type,
        LogicalType::SmallInt | LogicalType::Integer | LogicalType::BigInt
    )
}

/// `table.column`; `None` for the word NONE.
fn owner_column(name: &ast::ObjectName) -> Result<Option<(TableName, String)>> {
    let mut names = parts(name)?;
    let column = names.pop().unwrap_or_default();
    let Some(table) = names.pop() else {
        return match column.as_str() {
            "none" => Ok(None),
            _ => Err(Error::new(SqlState::SYNTAX_ERROR, "invalid OWNED BY option")
                .with_hint("Specify OWNED BY table.column or OWNED BY NONE.")),
        };
    };
    let schema = names.pop();
    Ok(Some((TableName { schema, name: table }, column)))
}

fn integer(value: &ast::Expr) -> Result<i64> {
    let text = match value {
        ast::Expr::UnaryOp {
            op: ast::UnaryOperator::Minus,
            expr,
        } => format!("-{expr}"),
        other => other.to_string(),
    };
    text.trim_start_matches('+')
        .parse()
        .map_err(|_| Error::new(SqlState::SYNTAX_ERROR, format!("invalid number {text} for a sequence")))
}
