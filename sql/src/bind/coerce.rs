//! All conversions between types: which exist, at what level, and how an expression gets one.
//!
//! Levels nest as in Postgres: what converts implicitly also converts in assignments, and what converts in assignments also
//! converts where a cast is written.

use super::Binder;
use super::common_type::as_numeric;
use crate::error::{Error, Result, SqlState};
use crate::literal::Literal;
use crate::plan::{Expr, Plan};
use crate::span::Span;
use crate::types::{LogicalType, TypeKind};

/// Who asks for a conversion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// An operator or function needs another type.
    Implicit,
    /// A value goes into a column.
    Assignment,
    /// `CAST` or `::`
    Explicit,
}

/// Whether a conversion exists at a level.
pub(super) fn can_coerce(from: &LogicalType, to: &LogicalType, level: Level) -> bool {
    if from == to || from.kind() == TypeKind::Unknown {
        return true;
    }
    match (from, to) {
        (LogicalType::Array(from), LogicalType::Array(to)) => return can_coerce(from, to, level),
        (LogicalType::Int2Vector | LogicalType::OidVector, LogicalType::Array(to)) => {
            return from.element().is_some_and(|from| can_coerce(from, to, level));
        }
        (LogicalType::Record(from), LogicalType::Record(to)) => {
            return from.len() == to.len()
                && from
                    .iter()
                    .zip(to)
                    .all(|((_, from), (_, to))| can_coerce(from, to, level));
        }
        _ => {}
    }
    let (from, to) = (from.kind(), to.kind());
    let same_kind = from == to && !matches!(from, TypeKind::Array | TypeKind::Record);
    same_kind
        || is_implicit(from, to)
        || level >= Level::Assignment && is_assignment(from, to)
        || level == Level::Explicit && is_explicit(from, to)
}

fn is_object(kind: TypeKind) -> bool {
    matches!(
        kind,
        TypeKind::Regclass | TypeKind::Regtype | TypeKind::Regproc | TypeKind::Regnamespace
    )
}

/// Whether operators and functions convert `from` to `to` without being told.
pub(super) fn is_implicit(from: TypeKind, to: TypeKind) -> bool {
    use TypeKind as Kind;
    match from {
        Kind::Unknown => true,
        Kind::SmallInt => {
            matches!(
                to,
                Kind::Integer | Kind::BigInt | Kind::Numeric | Kind::Real | Kind::Double | Kind::Oid
            ) || is_object(to)
        }
        Kind::Integer => {
            matches!(to, Kind::BigInt | Kind::Numeric | Kind::Real | Kind::Double | Kind::Oid) || is_object(to)
        }
        Kind::BigInt => matches!(to, Kind::Numeric | Kind::Real | Kind::Double | Kind::Oid) || is_object(to),
        Kind::Numeric => matches!(to, Kind::Real | Kind::Double),
        Kind::Real => to == Kind::Double,
        Kind::Text => matches!(to, Kind::Varchar | Kind::Char | Kind::Name | Kind::Regclass),
        Kind::Varchar => matches!(to, Kind::Text | Kind::Char | Kind::Name | Kind::Regclass),
        Kind::Char => matches!(to, Kind::Text | Kind::Varchar | Kind::Name),
        Kind::Name | Kind::SingleChar => to == Kind::Text,
        Kind::Date => matches!(to, Kind::Timestamp | Kind::TimestampTz),
        Kind::Timestamp => to == Kind::TimestampTz,
        Kind::Time => to == Kind::Interval,
        // Postgres's oid and regclass also go to bigint where an operator wants one.
        Kind::Oid => is_object(to) || to == Kind::BigInt,
        Kind::Regclass | Kind::Regtype | Kind::Regproc | Kind::Regnamespace => matches!(to, Kind::Oid | Kind::BigInt),
        _ => false,
    }
}

fn is_assignment(from: TypeKind, to: TypeKind) -> bool {
    use TypeKind as Kind;
    if matches!(to, Kind::Text | Kind::Varchar | Kind::Char | Kind::Name) {
        return !matches!(from, Kind::Record | Kind::Void);
    }
    match from {
        Kind::SmallInt | Kind::Integer | Kind::BigInt | Kind::Numeric | Kind::Real | Kind::Double => {
            matches!(
                to,
                Kind::SmallInt | Kind::Integer | Kind::BigInt | Kind::Numeric | Kind::Real | Kind::Double
            )
        }
        Kind::TimestampTz => matches!(to, Kind::Timestamp | Kind::Date | Kind::Time),
        Kind::Timestamp => matches!(to, Kind::Date | Kind::Time),
        Kind::Interval => to == Kind::Time,
        Kind::Json => to == Kind::Jsonb,
        Kind::Jsonb => to == Kind::Json,
        Kind::Oid | Kind::Regclass | Kind::Regtype | Kind::Regproc | Kind::Regnamespace => to == Kind::Integer,
        Kind::Text | Kind::Varchar | Kind::Char => to == Kind::SingleChar,
        _ => false,
    }
}

fn is_explicit(from: TypeKind, to: TypeKind) -> bool {
    use TypeKind as Kind;
    let is_string = |kind| {
        matches!(
            kind,
            Kind::Text | Kind::Varchar | Kind::Char | Kind::Name | Kind::SingleChar
        )
    };
    if is_string(from) || is_string(to) {
        // Through the text forms; a record has none that could be read back.
        return !matches!(from, Kind::Void) && !matches!(to, Kind::Record | Kind::Void | Kind::Unknown);
    }
    match (from, to) {
        (Kind::Integer, Kind::Boolean) | (Kind::Boolean, Kind::Integer) => true,
        (
            Kind::Jsonb,
            Kind::Boolean | Kind::SmallInt | Kind::Integer | Kind::BigInt | Kind::Numeric | Kind::Real | Kind::Double,
        ) => true,
        (from, to) if is_object(from) && is_object(to) => true,
        (Kind::Oid | Kind::Regclass | Kind::Regtype | Kind::Regproc | Kind::Regnamespace, Kind::SmallInt) => true,
        _ => false,
    }
}

/// The type of that kind which a value of `from` takes on where only the kind is asked for.
pub(super) fn type_of_kind(kind: TypeKind, from: &LogicalType) -> LogicalType {
    if from.kind() == kind {
        return from.clone();
    }
    match kind {
        TypeKind::Boolean => LogicalType::Boolean,
        TypeKind::SmallInt => LogicalType::SmallInt,
        TypeKind::Integer => LogicalType::Integer,
        TypeKind::BigInt => LogicalType::BigInt,
        TypeKind::Real => LogicalType::Real,
        TypeKind::Double => LogicalType::Double,
        TypeKind::Numeric => as_numeric(from),
        TypeKind::Text | TypeKind::Unknown => LogicalType::Text,
        TypeKind::Varchar => LogicalType::Varchar(None),
        TypeKind::Char => LogicalType::Char(10_485_760),
        TypeKind::Date => LogicalType::Date,
        TypeKind::Time => LogicalType::Time,
        TypeKind::Timestamp => LogicalType::Timestamp,
        TypeKind::TimestampTz => LogicalType::TimestampTz,
        TypeKind::Interval => LogicalType::Interval,
        TypeKind::Uuid => LogicalType::Uuid,
        TypeKind::Tid => LogicalType::Tid,
        TypeKind::Json => LogicalType::Json,
        TypeKind::Jsonb => LogicalType::Jsonb,
        TypeKind::Jsonpath => LogicalType::Jsonpath,
        TypeKind::Bytea => LogicalType::Bytea,
        TypeKind::Oid => LogicalType::Oid,
        TypeKind::Name => LogicalType::Name,
        TypeKind::SingleChar => LogicalType::SingleChar,
        TypeKind::Regclass => LogicalType::Regclass,
        TypeKind::Regtype => LogicalType::Regtype,
        TypeKind::Regproc => LogicalType::Regproc,
        TypeKind::Regnamespace => LogicalType::Regnamespace,
        TypeKind::Int2Vector => LogicalType::Int2Vector,
        TypeKind::OidVector => LogicalType::OidVector,
        TypeKind::Array => LogicalType::Array(Box::new(LogicalType::Text)),
        TypeKind::Record => LogicalType::Record(Vec::new()),
        TypeKind::Void => LogicalType::Void,
    }
}

/// An integer constant as another numeric type, where that is exact.
fn convert_literal(literal: &Literal, to: &LogicalType) -> Option<Literal> {
    match (literal, to) {
        (Literal::Null, _) => Some(Literal::Null),
        (Literal::Integer(value), LogicalType::SmallInt) => i16::try_from(*value).ok().map(|_| literal.clone()),
        (Literal::Integer(value), LogicalType::Integer) => i32::try_from(*value).ok().map(|_| literal.clone()),
        (Literal::Integer(_), LogicalType::BigInt) => Some(literal.clone()),
        (Literal::Integer(value), LogicalType::Oid) => u32::try_from(*value).ok().map(|_| literal.clone()),
        (Literal::Integer(value), LogicalType::Double) if value.unsigned_abs() < 1 << 53 => {
            Some(Literal::Float(*value as f64))
        }
        (Literal::Integer(value), LogicalType::Numeric { precision, scale }) => {
            let unscaled = i128::from(*value).checked_mul(10i128.checked_pow(u32::from(*scale))?)?;
            (unscaled.unsigned_abs() < 10u128.checked_pow(u32::from(*precision))?).then_some(Literal::Numeric(unscaled))
        }
        (Literal::Integer(value), LogicalType::Real) if value.unsigned_abs() < 1 << 24 => {
            Some(Literal::Float(*value as f64))
        }
        _ => None,
    }
}

/// A numeric constant as another numeric type, rounded half away from zero, or as a double.
fn convert_numeric(literal: &Literal, from: &LogicalType, to: &LogicalType) -> Option<Literal> {
    let (Literal::Numeric(value), LogicalType::Numeric { scale: from_scale, .. }) = (literal, from) else {
        return None;
    };
    match to {
        LogicalType::Numeric { precision, scale } => {
            let unscaled = if scale >= from_scale {
                value.checked_mul(10i128.checked_pow(u32::from(scale - from_scale))?)?
            } else {
                let divisor = 10i128.checked_pow(u32::from(from_scale - scale))?;
                let (quotient, rest) = (value / divisor, value % divisor);
                let rounds_up = rest.unsigned_abs() >= divisor.unsigned_abs() - divisor.unsigned_abs() / 2;
                quotient + if rounds_up { value.signum() } else { 0 }
            };
            (unscaled.unsigned_abs() < 10u128.checked_pow(u32::from(*precision))?).then_some(Literal::Numeric(unscaled))
        }
        LogicalType::Double => {
            let text = Expr::Literal(literal.clone(), from.clone()).to_string();
            text.parse().ok().map(Literal::Float)
        }
        _ => None,
    }
}

impl Binder<'_> {
    /// The expression as a value of type `to`.
    ///
    /// # Errors
    /// 42846 or 42804 where no conversion exists at that level; the text of a literal that is no value of the type.
    pub(super) fn coerce(
        &mut self,
        expression: Expr,
        to: &LogicalType,
        level: Level,
        span: Option<Span>,
    ) -> Result<Expr> {
        let from = expression.data_type();
        if from == *to {
            return Ok(expression);
        }
        let explicit = level == Level::Explicit;
        match expression {
            Expr::Literal(Literal::Null, _) => return Ok(Expr::null(to.clone())),
            Expr::Literal(Literal::Text(text), LogicalType::Unknown) => {
                return self.read_literal(text, to, explicit).map_err(|error| error.at(span));
            }
            Expr::Parameter {
                index,
                data_type: LogicalType::Unknown,
            } => return Ok(self.infer_parameter(index, to, explicit)),
            Expr::Literal(literal, data_type) => {
                if can_coerce(&data_type, to, level)
                    && let Some(converted) =
                        convert_literal(&literal, to).or_else(|| convert_numeric(&literal, &data_type, to))
                {
                    return Ok(Expr::Literal(converted, to.clone()));
                }
                return self.cast(Expr::Literal(literal, data_type), to, level, span);
            }
            Expr::Array { elements, element_type } => {
                return self.coerce_array(elements, element_type, to, level, span);
            }
            _ => {}
        }
        self.cast(expression, to, level, span)
    }

    fn cast(&mut self, expression: Expr, to: &LogicalType, level: Level, span: Option<Span>) -> Result<Expr> {
        let from = expression.data_type();
        if !can_coerce(&from, to, level) {
            return Err(Error::new(SqlState::CANNOT_COERCE, format!("cannot cast type {from} to {to}")).at(span));
        }
        Ok(Expr::Cast {
            input: Box::new(expression),
            target: to.clone(),
            explicit: level == Level::Explicit,
            // Places would keep equal expressions from being recognized.
            span: None,
        })
    }

    fn coerce_array(
        &mut self,
        elements: Vec<Expr>,
        element_type: LogicalType,
        to: &LogicalType,
        level: Level,
        span: Option<Span>,
    ) -> Result<Expr> {
        match to {
            LogicalType::Array(target) if !matches!(element_type, LogicalType::Array(_)) => {
                let elements = elements
                    .into_iter()
                    .map(|element| self.coerce(element, target, level, span))
                    .collect::<Result<_>>()?;
                Ok(Expr::Array {
                    elements,
                    element_type: (**target).clone(),
                })
            }
            _ => self.cast(Expr::Array { elements, element_type }, to, level, span),
        }
    }

    /// An untyped parameter as a value of type `to`: the first place that wants a type gives it.
    fn infer_parameter(&mut self, index: usize, to: &LogicalType, explicit: bool) -> Expr {
        // A value for `varchar(3)` may be longer and is then refused or cut by the cast.
        let (data_type, needs_cast) = match to {
            LogicalType::Varchar(Some(_)) => (LogicalType::Varchar(None), true),
            LogicalType::Char(_) => (LogicalType::Text, true),
            LogicalType::Numeric { .. } => (LogicalType::NUMERIC, *to != LogicalType::NUMERIC),
            LogicalType::Unknown => (LogicalType::Text, false),
            other => (other.clone(), false),
        };
        self.set_parameter_type(index, &data_type);
        let parameter = Expr::Parameter { index, data_type };
        if !needs_cast {
            return parameter;
        }
        Expr::Cast {
            input: Box::new(parameter),
            target: to.clone(),
            explicit,
            span: None,
        }
    }

    /// The value of a text constant as a type.
    fn read_literal(&self, text: String, to: &LogicalType, explicit: bool) -> Result<Expr> {
        match to {
            LogicalType::Text | LogicalType::Unknown | LogicalType::Varchar(None) => {
                Ok(Expr::Literal(Literal::Text(text), to.clone()))
            }
            LogicalType::Varchar(Some(length)) if text.chars().count() <= *length as usize => {
                Ok(Expr::Literal(Literal::Text(text), to.clone()))
            }
            LogicalType::Char(length) if text.trim_end_matches(' ').chars().count() <= *length as usize => {
                let text = text.trim_end_matches(' ').to_owned();
                Ok(Expr::Literal(Literal::Text(text), to.clone()))
            }
            // A cast decides between cutting and failing, by whether it was written.
            LogicalType::Varchar(Some(_)) | LogicalType::Char(_) => Ok(Expr::Cast {
                input: Box::new(Expr::Literal(Literal::Text(text), LogicalType::Text)),
                target: to.clone(),
                explicit,
                span: None,
            }),
            _ => {
                let literal = self.catalog.parse_literal(&text, to)?;
                Ok(Expr::Literal(literal, to.clone()))
            }
        }
    }

    /// As a boolean condition.
    ///
    /// # Errors
    /// 42804, naming the clause.
    pub(super) fn coerce_condition(&mut self, expression: Expr, clause: &str, span: Option<Span>) -> Result<Expr> {
        match expression.data_type() {
            LogicalType::Boolean => Ok(expression),
            LogicalType::Unknown => self.coerce(expression, &LogicalType::Boolean, Level::Implicit, span),
            other => Err(Error::new(
                SqlState::DATATYPE_MISMATCH,
                format!("argument of {clause} must be type boolean, not type {other}"),
            )
            .at(span)),
        }
    }

    /// What has no type yet as text.
    pub(super) fn decide_unknown(&mut self, expression: Expr) -> Result<Expr> {
        if expression.data_type() == LogicalType::Unknown {
            return self.coerce(expression, &LogicalType::Text, Level::Implicit, None);
        }
        Ok(expression)
    }

    /// The plan with its output columns of the given types, in order.
    pub(super) fn coerce_columns(&mut self, plan: Plan, types: &[LogicalType], level: Level) -> Result<Plan> {
        if plan.output().iter().map(|column| &column.data_type).eq(types) {
            return Ok(plan);
        }
        match plan {
            Plan::Project(mut project) => {
                let mut expressions = Vec::with_capacity(project.expressions.len());
                for ((column, expression), data_type) in project.expressions.into_iter().zip(types) {
                    if column.data_type == *data_type {
                        expressions.push((column, expression));
                        continue;
                    }
                    let coerced = self.coerce(expression, data_type, level, None)?;
                    expressions.push((self.column_for(column.name, &coerced), coerced));
                }
                project.expressions = expressions;
                Ok(Plan::Project(project))
            }
            Plan::Values(mut values) => {
                for row in &mut values.rows {
                    for (value, data_type) in row.iter_mut().zip(types) {
                        let expression = std::mem::replace(value, Expr::TRUE);
                        *value = self.coerce(expression, data_type, level, None)?;
                    }
                }
                let columns = std::mem::take(&mut values.columns);
                for (column, data_type) in columns.into_iter().zip(types) {
                    let column = self.column(column.name, data_type.clone(), column.nullable);
                    values.columns.push(column);
                }
                Ok(Plan::Values(values))
            }
            other => {
                let expressions = other
                    .output()
                    .into_iter()
                    .map(|column| (column.clone(), Expr::Column(column)))
                    .collect();
                self.coerce_columns(other.projected(expressions), types, level)
            }
        }
    }
}
