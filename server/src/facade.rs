//! Stand-in for the engine's facade until it lands.
#![allow(missing_docs, reason = "temporary")]
use std::sync::Arc;
use std::task::Waker;
use stoa_engine::config::Config;
pub use stoa_engine::rows::{ResultColumn, Rows};
use stoa_engine::types::{Literal, LogicalType};
use stoa_engine::{Error, Result};

fn missing() -> Error {
    Error::Internal("not built yet".into())
}
pub struct Database;
impl Database {
    pub fn open(_: Config) -> Result<Arc<Database>> {
        Err(missing())
    }
    pub fn connect(&self, _: ConnectionOptions) -> Connection {
        Connection
    }
    pub fn close(&self, _: bool) -> Result<()> {
        Ok(())
    }
}
#[derive(Clone, Debug, Default)]
pub struct ConnectionOptions {
    pub user: String,
    pub database: String,
    pub application_name: String,
    pub process_id: i32,
    pub settings: Vec<(String, String)>,
}
pub struct Connection;
#[derive(Clone)]
pub struct CancelHandle;
impl CancelHandle {
    pub fn cancel(&self) {}
}
#[derive(Clone, Debug)]
pub struct Parsed {
    pub text: String,
    pub offset: usize,
}
pub struct Prepared {
    pub parameter_types: Vec<LogicalType>,
    pub columns: Option<Arc<[ResultColumn]>>,
}
pub enum TransactionStatus {
    Idle,
    InTransaction,
    Failed,
}
pub struct Notice {
    pub severity: String,
    pub state: String,
    pub message: String,
    pub detail: Option<String>,
    pub hint: Option<String>,
}
#[derive(Clone, Debug)]
pub enum RowsTag {
    Select,
    Tag(String),
}
pub enum Outcome {
    Rows(Rows, RowsTag),
    Command { tag: String },
    CopyIn(CopyIn),
    CopyOut(CopyOut),
    Empty,
}
pub struct CopyIn;
#[derive(Clone, Copy, PartialEq)]
pub enum CopyFormat {
    Text,
    Csv,
    Binary,
}
impl CopyIn {
    pub fn format(&self) -> CopyFormat {
        CopyFormat::Text
    }
    pub fn column_count(&self) -> usize {
        0
    }
    pub fn write(&mut self, _: &[u8]) -> Result<()> {
        Err(missing())
    }
    pub fn finish(self) -> Result<String> {
        Err(missing())
    }
    pub fn fail(self, _message: &str) {}
}
pub struct CopyOut;
impl CopyOut {
    pub fn format(&self) -> CopyFormat {
        CopyFormat::Text
    }
    pub fn column_count(&self) -> usize {
        0
    }
    pub fn next_chunk(&mut self) -> Result<Option<Vec<u8>>> {
        Err(missing())
    }
    pub fn tag(&self) -> String {
        String::new()
    }
    pub fn poll_chunk(&mut self, _: &Waker) {}
}
#[derive(Clone, Debug, Default)]
pub struct FormatSettings;
impl Connection {
    pub fn parse(&mut self, _: &str) -> Result<Vec<Parsed>> {
        Err(missing())
    }
    pub fn prepare(&mut self, _: &Parsed, _: &[Option<LogicalType>]) -> Result<Arc<Prepared>> {
        Err(missing())
    }
    pub fn execute(&mut self, _: &Arc<Prepared>, _: Vec<Literal>) -> Result<Outcome> {
        Err(missing())
    }
    pub fn cancel_handle(&self) -> CancelHandle {
        CancelHandle
    }
    pub fn transaction_status(&self) -> TransactionStatus {
        TransactionStatus::Idle
    }
    pub fn take_notices(&mut self) -> Vec<Notice> {
        Vec::new()
    }
    pub fn take_parameter_changes(&mut self) -> Vec<(String, String)> {
        Vec::new()
    }
    pub fn setting(&self, _: &str) -> Option<String> {
        None
    }
    pub fn format_settings(&self) -> FormatSettings {
        FormatSettings
    }
    pub fn fail_transaction(&mut self) {}
    pub fn begin_implicit(&mut self) {}
    pub fn end_implicit(&mut self, _: bool) -> Result<()> {
        Ok(())
    }
}
pub mod text {
    use super::*;
    pub struct ColumnWriter<'a>(&'a arrow_array::ArrayRef);
    impl<'a> ColumnWriter<'a> {
        pub fn new(a: &'a arrow_array::ArrayRef, _: &LogicalType, _: &'a FormatSettings) -> Self {
            ColumnWriter(a)
        }
        pub fn write(&self, row: usize, out: &mut Vec<u8>) {
            use arrow_array::cast::AsArray;
            if let Some(a) = self.0.as_primitive_opt::<arrow_array::types::Int64Type>() {
                out.extend_from_slice(a.value(row).to_string().as_bytes());
            }
        }
    }
    pub fn parse_value(_: &str, _: &LogicalType, _: &FormatSettings) -> Result<Literal> {
        Err(missing())
    }
}
pub mod binary {
    use super::*;
    pub fn write_value(_: &arrow_array::ArrayRef, _: usize, _: &LogicalType, _: &FormatSettings, _: &mut Vec<u8>) {}
    pub fn parse_value(_: &[u8], _: &LogicalType, _: &FormatSettings) -> Result<Literal> {
        Err(missing())
    }
}
