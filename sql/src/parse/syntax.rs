//! What a statement looks like after parsing and before binding.

use crate::catalog::TableName;
use crate::limits::STACK_BYTES;
use crate::plan::{ConstantRows, CopySource, CopyTarget, ExplainFormat, Statement};
use sqlparser::ast;
use std::sync::Arc;

/// A parsed statement.
#[derive(Debug)]
pub(crate) enum Syntax {
    /// A statement in which the catalog has no say.
    Bound(Statement),
    /// A statement of the parser library.
    Standard(Box<ast::Statement>),
    /// INSERT of nothing but constants
    InsertConstants(Box<ConstantInsert>),
    /// COPY
    Copy(Box<CopySyntax>),
    /// EXPLAIN
    Explain {
        analyze: bool,
        verbose: bool,
        costs: bool,
        format: ExplainFormat,
        statement: Box<Syntax>,
    },
    /// CREATE VIEW: the library's statement, and the text after AS.
    CreateView { view: Box<ast::CreateView>, query: String },
    /// PREPARE: the types as written, and the text after AS.
    Prepare {
        name: String,
        data_types: Vec<ast::DataType>,
        text: String,
    },
    /// DECLARE CURSOR
    Declare(Box<DeclareSyntax>),
    /// EXECUTE
    Execute { name: String, arguments: Vec<ast::Expr> },
    /// LOCK TABLE, of a kind that keeps nobody away
    Lock { tables: Vec<ast::ObjectName> },
    /// VACUUM, ANALYZE
    Maintain {
        vacuum: bool,
        table: Option<ast::ObjectName>,
    },
}

/// INSERT INTO table (columns) VALUES of nothing but constants; the names are folded.
#[derive(Debug)]
pub(crate) struct ConstantInsert {
    pub(crate) table: TableName,
    /// None where all are meant.
    pub(crate) columns: Vec<String>,
    pub(crate) rows: Arc<ConstantRows>,
}

/// DECLARE CURSOR as written.
#[derive(Debug)]
pub(crate) struct DeclareSyntax {
    pub(crate) name: String,
    pub(crate) is_binary: bool,
    pub(crate) is_scrollable: bool,
    pub(crate) is_holdable: bool,
    pub(crate) query: Box<ast::Query>,
}

/// COPY as written.
#[derive(Debug)]
pub(crate) struct CopySyntax {
    pub(crate) relation: CopyRelation,
    pub(crate) direction: CopyEnd,
    pub(crate) options: Vec<CopyOptionSyntax>,
}

/// What COPY copies.
#[derive(Debug)]
pub(crate) enum CopyRelation {
    Table {
        name: ast::ObjectName,
        columns: Vec<ast::Ident>,
    },
    Query(Box<ast::Query>),
}

/// The other end of COPY.
#[derive(Debug)]
pub(crate) enum CopyEnd {
    From(CopySource),
    To(CopyTarget),
}

/// An option of COPY: its lower-case name, its value, and whether the value was an asterisk or a list of columns.
#[derive(Debug)]
pub(crate) struct CopyOptionSyntax {
    pub(crate) name: String,
    pub(crate) value: CopyOptionValue,
    pub(crate) span: sqlparser::tokenizer::Span,
}

/// The value of a COPY option.
#[derive(Debug)]
pub(crate) enum CopyOptionValue {
    None,
    Text(String),
    Columns(Vec<ast::Ident>),
    AllColumns,
}

/// A syntax tree that is dropped on a stack deep enough for it, wherever that happens.
#[derive(Debug)]
pub(crate) struct SyntaxTree {
    syntax: Option<Syntax>,
}

impl SyntaxTree {
    pub(crate) fn new(syntax: Syntax) -> Self {
        SyntaxTree { syntax: Some(syntax) }
    }

    pub(crate) fn syntax(&self) -> &Syntax {
        const EMPTY: &Syntax = &Syntax::Bound(Statement::Empty);
        self.syntax.as_ref().unwrap_or(EMPTY)
    }
}

impl Drop for SyntaxTree {
    fn drop(&mut self) {
        if let Some(syntax @ (Syntax::Standard(_) | Syntax::Copy(_) | Syntax::Explain { .. } | Syntax::Declare(_))) =
            self.syntax.take()
        {
            stacker::maybe_grow(STACK_BYTES / 16, STACK_BYTES, move || drop(syntax));
        }
    }
}
