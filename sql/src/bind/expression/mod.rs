//! One file per family of expressions; `bind_expression` dispatches to them.

mod aggregate;
mod aggregate_form;
mod array;
mod compare;
mod conditional;
mod function;
mod hypothetical_set;
mod literal;
mod named_arguments;
mod operator;
pub(super) mod pattern;
mod quantified;
mod reference;
mod row;
mod special;
mod subquery;
mod window;

pub(super) use function::no_function;
pub(super) use named_arguments::{Argument, argument_list, arrange};
