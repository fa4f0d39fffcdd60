//! Syntax that means a call: EXTRACT, SUBSTRING, TRIM, AT TIME ZONE, CURRENT_DATE, COLLATE.

use crate::bind::coerce::Level;
use crate::bind::collect::Context;
use crate::bind::name::parts;
use crate::bind::{Binder, not_supported};
use crate::error::{Error, Result, SqlState};
use crate::literal::Literal;
use crate::plan::Expr;
use crate::types::LogicalType;
use sqlparser::ast;

impl Binder<'_> {
    /// A function that special syntax names, with its arguments in the function's order.
    pub(in crate::bind) fn bind_special_call(
        &mut self,
        name: &str,
        arguments: &[&ast::Expr],
        context: &mut Context<'_>,
    ) -> Result<Expr> {
        let arguments = self.bind_all(arguments, context)?;
        self.named_call(name, arguments)
    }

    /// Words that are functions without parentheses; `None` for any other name.
    pub(in crate::bind) fn bind_value_function(&mut self, name: &str) -> Result<Option<Expr>> {
        let now_as = |data_type: LogicalType| (String::from("now"), Some(data_type));
        let (function, data_type) = match name {
            "current_timestamp" => ("now".to_owned(), None),
            "localtimestamp" => now_as(LogicalType::Timestamp),
            "current_date" => now_as(LogicalType::Date),
            "current_time" | "localtime" => now_as(LogicalType::Time),
            "current_catalog" => ("current_database".to_owned(), None),
            "current_role" | "user" => ("current_user".to_owned(), None),
            "current_user" | "session_user" | "current_schema" => (name.to_owned(), None),
            _ => return Ok(None),
        };
        let call = self.named_call(&function, Vec::new())?;
        match data_type {
            Some(data_type) => self.coerce(call, &data_type, Level::Explicit, None).map(Some),
            None => Ok(Some(call)),
        }
    }

    /// `x AT TIME ZONE zone`: `timezone(zone, x)`
    pub(in crate::bind) fn bind_at_time_zone(
        &mut self,
        value: &ast::Expr,
        zone: &ast::Expr,
        context: &mut Context<'_>,
    ) -> Result<Expr> {
        self.bind_special_call("timezone", &[zone, value], context)
    }

    /// `EXTRACT(field FROM x)`
    pub(in crate::bind) fn bind_extract(
        &mut self,
        field: &ast::DateTimeField,
        value: &ast::Expr,
        context: &mut Context<'_>,
    ) -> Result<Expr> {
        let field = match field {
            ast::DateTimeField::Custom(identifier) => identifier.value.clone(),
            other => other.to_string(),
        };
        let field = Expr::Literal(
            Literal::Text(field.trim_matches('\'').to_lowercase()),
            LogicalType::Text,
        );
        let value = self.bind_expression(value, context)?;
        let name = match self.catalog.function(None, "extract") {
            Some(_) => "extract",
            None => "date_part",
        };
        let mut call = self.named_call(name, vec![field, value])?;
        if let Expr::Call(call) = &mut call
            && let [Expr::Literal(Literal::Text(field), _), value] = call.arguments.as_slice()
            && matches!(call.data_type, LogicalType::Numeric { .. })
        {
            call.data_type = extracted_type(field, &value.data_type());
        }
        Ok(call)
    }

    /// `SUBSTRING(x FROM start FOR count)`
    pub(in crate::bind) fn bind_substring(
        &mut self,
        value: &ast::Expr,
        from: Option<&ast::Expr>,
        count: Option<&ast::Expr>,
        context: &mut Context<'_>,
    ) -> Result<Expr> {
        let mut arguments = vec![self.bind_expression(value, context)?];
        match (from, count) {
            (None, None) => {}
            (None, Some(_)) => arguments.push(Expr::Literal(Literal::Integer(1), LogicalType::Integer)),
            (Some(from), _) => arguments.push(self.bind_expression(from, context)?),
        }
        if let Some(count) = count {
            arguments.push(self.bind_expression(count, context)?);
        }
        self.named_call("substring", arguments)
    }

    /// `TRIM(BOTH 'x' FROM y)`
    pub(in crate::bind) fn bind_trim(
        &mut self,
        side: Option<ast::TrimWhereField>,
        what: Option<&ast::Expr>,
        value: &ast::Expr,
        more: Option<&[ast::Expr]>,
        context: &mut Context<'_>,
    ) -> Result<Expr> {
        let name = match side {
            None | Some(ast::TrimWhereField::Both) => "btrim",
            Some(ast::TrimWhereField::Leading) => "ltrim",
            Some(ast::TrimWhereField::Trailing) => "rtrim",
        };
        let mut arguments = vec![value];
        arguments.extend(what);
        arguments.extend(more.unwrap_or_default());
        self.bind_special_call(name, &arguments, context)
    }

    /// `x COLLATE "C"`: text compares by bytes, so the collations that do so are accepted.
    pub(in crate::bind) fn bind_collate(
        &mut self,
        value: &ast::Expr,
        collation: &ast::ObjectName,
        context: &mut Context<'_>,
    ) -> Result<Expr> {
        let names = parts(collation)?;
        match names.last().map(String::as_str) {
            Some("c" | "C" | "default" | "posix" | "POSIX" | "ucs_basic") => self.bind_expression(value, context),
            Some("unicode" | "und-x-icu" | "en_US" | "en_US.utf8") => {
                Err(not_supported(format!("collation \"{collation}\"")))
            }
            _ => Err(Error::new(
                SqlState::UNDEFINED_OBJECT,
                format!("collation \"{collation}\" for encoding \"UTF8\" does not exist"),
            )),
        }
    }
}

/// The numeric type that holds a field: most are whole numbers, which the argument's type alone would not tell.
fn extracted_type(field: &str, from: &LogicalType) -> LogicalType {
    let (precision, scale) = match field {
        "epoch" | "julian" | "j" | "jd" if *from == LogicalType::Date => (18, 0),
        "epoch" => (20, 6),
        "julian" | "j" | "jd" => (38, 20),
        "second" | "seconds" | "sec" | "secs" | "s" => (10, 6),
        "millisecond" | "milliseconds" | "msecond" | "mseconds" | "msec" | "msecs" | "ms" => (10, 3),
        _ => (10, 0),
    };
    LogicalType::Numeric { precision, scale }
}
