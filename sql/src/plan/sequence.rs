//! Statements about sequences: numbers that are handed out once.

use crate::catalog::TableName;
use crate::types::LogicalType;

/// How a sequence counts, as far as a statement says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SequenceOptions {
    /// AS: smallint, integer or bigint.
    pub data_type: Option<LogicalType>,
    /// INCREMENT BY
    pub increment: Option<i64>,
    /// MINVALUE; `Some(None)` is NO MINVALUE.
    pub minimum: Option<Option<i64>>,
    /// MAXVALUE, likewise.
    pub maximum: Option<Option<i64>>,
    /// START WITH
    pub start: Option<i64>,
    /// CACHE
    pub cache: Option<i64>,
    /// CYCLE
    pub cycle: Option<bool>,
    /// OWNED BY: the table and its column; `Some(None)` is NONE.
    pub owner: Option<Option<(TableName, String)>>,
}

/// CREATE SEQUENCE
#[derive(Clone, Debug, PartialEq)]
pub struct CreateSequence {
    /// Its name.
    pub name: TableName,
    /// No error where it is there.
    pub if_not_exists: bool,
    /// How it counts.
    pub options: SequenceOptions,
}

/// ALTER SEQUENCE
#[derive(Clone, Debug, PartialEq)]
pub struct AlterSequence {
    /// Its name.
    pub name: TableName,
    /// No error where it is not there.
    pub if_exists: bool,
    /// What changes.
    pub options: SequenceOptions,
    /// RESTART: at its start, or at a number.
    pub restart: Option<Option<i64>>,
    /// RENAME TO
    pub rename_to: Option<String>,
}
