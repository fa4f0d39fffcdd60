//! Calls of functions and casts.

use super::apply::{Application, Traits, apply};
use super::frame::Frame;
use super::node::Node;
use super::remembered::Remembered;
use crate::error::{Error, Result};
use crate::functions::cast::cast;
use crate::functions::{Call, ScalarFunction, Value};
use crate::types::LogicalType;
use stoa_sql::span::Span;

/// A call.
pub(super) struct CallNode {
    pub(super) name: &'static str,
    pub(super) function: &'static ScalarFunction,
    pub(super) traits: Traits,
    pub(super) arguments: Vec<Node>,
    pub(super) argument_types: Vec<LogicalType>,
    pub(super) span: Option<Span>,
    pub(super) remembered: Remembered,
}

impl std::fmt::Debug for CallNode {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("CallNode")
            .field("name", &self.name)
            .field("arguments", &self.arguments)
            .finish_non_exhaustive()
    }
}

impl CallNode {
    pub(super) fn evaluate(&self, frame: &Frame<'_>, return_type: &LogicalType) -> Result<Value> {
        let arguments: Vec<Value> = self
            .arguments
            .iter()
            .map(|argument| argument.evaluate(frame))
            .collect::<Result<_>>()?;
        let execute = |arguments: &[Value], row_count: usize| {
            (self.function.execute)(&Call {
                arguments,
                argument_types: &self.argument_types,
                row_count,
                return_type,
                statement: frame.statement,
            })
        };
        let application = Application {
            traits: self.traits,
            return_type,
            execute: &execute,
            remembered: &self.remembered,
            statement: frame.statement,
        };
        apply(&application, arguments, frame.row_count()).map_err(|error| located(error, self.span))
    }
}

/// A cast.
#[derive(Debug)]
pub(super) struct CastNode {
    pub(super) input: Box<Node>,
    pub(super) explicit: bool,
    pub(super) span: Option<Span>,
    pub(super) remembered: Remembered,
}

impl CastNode {
    pub(super) fn evaluate(&self, frame: &Frame<'_>, target: &LogicalType) -> Result<Value> {
        let input = self.input.evaluate(frame)?;
        let execute = |arguments: &[Value], _: usize| match arguments {
            [value] => cast(value, &self.input.data_type, target, self.explicit, frame.statement),
            _ => Err(Error::Internal("a cast has one input".into())),
        };
        let traits = Traits {
            strict: true,
            volatile: false,
        };
        let application = Application {
            traits,
            return_type: target,
            execute: &execute,
            remembered: &self.remembered,
            statement: frame.statement,
        };
        apply(&application, vec![input], frame.row_count()).map_err(|error| located(error, self.span))
    }
}

/// The error with the place in the statement it is about.
fn located(error: Error, span: Option<Span>) -> Error {
    match error {
        Error::Sql(error) => Error::Sql(error.at(span)),
        other => other,
    }
}
