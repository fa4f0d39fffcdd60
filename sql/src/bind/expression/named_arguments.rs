//! Arguments by name: `make_interval(days => 3)`, also written with `:=`.

use super::function::no_function_shown;
use crate::bind::overload::Failure;
use crate::bind::{Binder, not_supported};
use crate::catalog::FunctionInfo;
use crate::error::{Error, Result, SqlState};
use crate::plan::Expr;
use crate::span::Span;
use sqlparser::ast::{self, FunctionArg, FunctionArgExpr};

/// An argument as written.
pub(in crate::bind) struct Argument<'a> {
    /// The name it is given by.
    pub(in crate::bind) name: Option<&'a ast::Ident>,
    /// Its value.
    pub(in crate::bind) value: &'a ast::Expr,
}

/// An argument list as written.
///
/// # Errors
/// 0A000 for whole rows, 42601 for a name that is no name.
pub(in crate::bind) fn argument_list(list: &[FunctionArg]) -> Result<Vec<Argument<'_>>> {
    list.iter()
        .map(|argument| {
            let (name, value) = match argument {
                FunctionArg::Unnamed(value) => (None, value),
                FunctionArg::Named { name, arg, .. } => (Some(name), arg),
                FunctionArg::ExprNamed {
                    name: ast::Expr::Identifier(name),
                    arg,
                    ..
                } => (Some(name), arg),
                FunctionArg::ExprNamed { .. } => {
                    return Err(Error::new(SqlState::SYNTAX_ERROR, "improper argument name"));
                }
            };
            match value {
                FunctionArgExpr::Expr(value) => Ok(Argument { name, value }),
                _ => Err(not_supported("a whole row as an argument")),
            }
        })
        .collect()
}

impl Binder<'_> {
    /// Checks that names come last and once.
    ///
    /// # Errors
    /// 42601
    pub(in crate::bind) fn check_argument_names(&self, names: &[Option<&ast::Ident>]) -> Result<()> {
        let given = names.iter().position(Option::is_some).unwrap_or(names.len());
        let named = names.get(given..).unwrap_or_default();
        for (index, name) in named.iter().enumerate() {
            let Some(name) = name else {
                return Err(Error::new(
                    SqlState::SYNTAX_ERROR,
                    "positional argument cannot follow named argument",
                ));
            };
            let before = named.get(..index).unwrap_or_default();
            if before.iter().flatten().any(|before| folded(before) == folded(name)) {
                return Err(Error::new(
                    SqlState::SYNTAX_ERROR,
                    format!("argument name \"{}\" used more than once", folded(name)),
                )
                .at(self.span(*name)));
            }
        }
        Ok(())
    }
}

fn folded(name: &ast::Ident) -> String {
    crate::bind::name::fold(name)
}

/// That no function of that name takes arguments of these names.
pub(super) fn no_function_named(name: &str, names: &[Option<&ast::Ident>], arguments: &[Expr]) -> Error {
    let shown = names.iter().zip(arguments).map(|(name, argument)| match name {
        Some(name) => format!("{} => {}", folded(name), argument.data_type()),
        None => argument.data_type().to_string(),
    });
    let shown: Vec<String> = shown.collect();
    no_function_shown(name, &shown.join(", "), Failure::None)
}

/// Bound arguments, some of which were given by name, in the order of the function's parameters; what lies in between has its
/// default.
///
/// # Errors
/// 42883 where the function has no parameter of a name, or no default.
pub(in crate::bind) fn arrange(
    function: &FunctionInfo,
    names: &[Option<&ast::Ident>],
    arguments: Vec<Expr>,
    span: Option<Span>,
) -> Result<Vec<Expr>> {
    if names.iter().all(Option::is_none) {
        return Ok(arguments);
    }
    let failure = || no_function_named(function.name, names, &arguments).at(span);
    let mut places = Vec::with_capacity(names.len());
    for (index, name) in names.iter().enumerate() {
        let place = match name {
            None => Some(index),
            Some(name) => {
                let mut parameters = function.named_parameters.iter();
                let place = parameters.position(|parameter| parameter.name == folded(name));
                place.filter(|place| !places.contains(place))
            }
        };
        places.push(place.ok_or_else(failure)?);
    }
    let count = places.iter().max().map_or(0, |last| last + 1);
    let mut arranged: Vec<Option<Expr>> = vec![None; count];
    for (place, argument) in places.iter().zip(&arguments) {
        if let Some(slot) = arranged.get_mut(*place) {
            *slot = Some(argument.clone());
        }
    }
    let filled = arranged.into_iter().enumerate().map(|(place, argument)| {
        argument.or_else(|| {
            let parameter = function.named_parameters.get(place)?;
            let (value, data_type) = parameter.default.as_ref()?;
            Some(Expr::Literal(value.clone(), data_type.clone()))
        })
    });
    filled.collect::<Option<Vec<_>>>().ok_or_else(failure)
}
