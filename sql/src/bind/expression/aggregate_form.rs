//! Aggregates in the words of DuckDB and ClickHouse that Postgres has a syntax for: `sum_if(x, condition)` is
//! `sum(x) FILTER (WHERE condition)` (and so for every aggregate), `quantile_cont(x, 0.5)` is
//! `percentile_cont(0.5) WITHIN GROUP (ORDER BY x)`, `count_distinct(x)` and `uniq_exact(x)` are `count(DISTINCT x)`.

use crate::bind::{Binder, not_supported};
use crate::catalog::FunctionKind;
use crate::error::Result;
use sqlparser::ast::{
    BinaryOperator, DuplicateTreatment, Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, Ident,
    ObjectName, OrderByExpr, OrderByOptions,
};

impl Binder<'_> {
    /// The call as Postgres would write it; `None` where the name is none of these.
    pub(super) fn standard_form(&self, function: &Function, name: &str) -> Result<Option<Function>> {
        let FunctionArguments::List(list) = &function.args else {
            return Ok(None);
        };
        let mut form = function.clone();
        let mut arguments = list.args.clone();
        let standard_name = match name {
            "quantile_cont" => "percentile_cont",
            "quantile_disc" | "quantile" => "percentile_disc",
            "count_distinct" | "uniq_exact" => {
                form = with_arguments(form, "count", arguments);
                if let FunctionArguments::List(list) = &mut form.args {
                    list.duplicate_treatment = Some(DuplicateTreatment::Distinct);
                }
                return Ok(Some(form));
            }
            _ => return self.filtered_form(form, arguments, name),
        };
        let (2, true) = (arguments.len(), function.over.is_none()) else {
            return Err(not_supported(format!(
                "{name} of other than a value and a fraction, or OVER a window"
            )));
        };
        let FunctionArg::Unnamed(FunctionArgExpr::Expr(value)) = arguments.remove(0) else {
            return Ok(None);
        };
        form.within_group = vec![OrderByExpr {
            expr: value,
            options: OrderByOptions {
                sort: None,
                nulls_first: None,
            },
            with_fill: None,
        }];
        Ok(Some(with_arguments(form, standard_name, arguments)))
    }

    fn filtered_form(
        &self,
        mut form: Function,
        mut arguments: Vec<FunctionArg>,
        name: &str,
    ) -> Result<Option<Function>> {
        let Some(base) = name
            .strip_suffix("_if")
            .or_else(|| (name == "countif").then_some("count"))
        else {
            return Ok(None);
        };
        let is_aggregate = |name| {
            let info = self.catalog.function(None, name);
            info.is_some_and(|info| info.kind == FunctionKind::Aggregate)
        };
        if !is_aggregate(base) {
            return Ok(None);
        }
        let Some(FunctionArg::Unnamed(FunctionArgExpr::Expr(condition))) = arguments.pop() else {
            return Ok(None);
        };
        form.filter = Some(Box::new(match form.filter.take() {
            None => condition,
            Some(filter) => Expr::BinaryOp {
                left: Box::new(Expr::Nested(filter)),
                op: BinaryOperator::And,
                right: Box::new(Expr::Nested(Box::new(condition))),
            },
        }));
        if base == "count" && arguments.is_empty() {
            arguments.push(FunctionArg::Unnamed(FunctionArgExpr::Wildcard));
        }
        Ok(Some(with_arguments(form, base, arguments)))
    }
}

/// The same call of another name with other arguments. The name keeps its place in the text.
fn with_arguments(mut form: Function, name: &str, arguments: Vec<FunctionArg>) -> Function {
    let span = match form.name.0.last() {
        Some(sqlparser::ast::ObjectNamePart::Identifier(identifier)) => identifier.span,
        _ => sqlparser::tokenizer::Span::empty(),
    };
    form.name = ObjectName::from(vec![Ident::with_span(span, name)]);
    if let FunctionArguments::List(list) = &mut form.args {
        list.args = arguments;
    }
    form
}
