//! Windows: named ones, and frames.

use super::coerce::Level;
use super::collect::Context;
use super::common_type::common_type_of;
use super::name::fold;
use super::{Binder, not_supported};
use crate::error::{Error, Result, SqlState};
use crate::literal::Literal;
use crate::parse::extensions::exclusion;
use crate::plan::{Expr, FrameBound, FrameExclusion, FrameUnits, SortKey, WindowFrame};
use crate::types::{LogicalType, TypeKind};
use sqlparser::ast::{self, WindowFrameBound, WindowFrameUnits, WindowSpec, WindowType};

fn windowing(message: impl Into<String>) -> Error {
    Error::new(SqlState::WINDOWING_ERROR, message)
}

impl Binder<'_> {
    /// WINDOW clause: names with their windows, references among them resolved.
    pub(super) fn bind_named_windows(
        &mut self,
        definitions: &[ast::NamedWindowDefinition],
    ) -> Result<Vec<(String, WindowSpec)>> {
        let mut named: Vec<(String, WindowSpec)> = Vec::with_capacity(definitions.len());
        for ast::NamedWindowDefinition(name, definition) in definitions {
            let folded = fold(name);
            if named.iter().any(|(known, _)| *known == folded) {
                return Err(windowing(format!("window \"{folded}\" is already defined")).at(self.span(name)));
            }
            let specification = match definition {
                ast::NamedWindowExpr::NamedWindow(other) => find(&named, &fold(other))?.clone(),
                ast::NamedWindowExpr::WindowSpec(specification) => inherit(&named, specification)?,
            };
            named.push((folded, specification));
        }
        Ok(named)
    }

    /// The window of an OVER.
    pub(super) fn resolve_window(&self, over: &WindowType, context: &Context<'_>) -> Result<WindowSpec> {
        let named = context
            .collector
            .as_ref()
            .map_or(&[][..], |collector| &collector.named_windows);
        match over {
            WindowType::NamedWindow(name) => find(named, &fold(name))
                .cloned()
                .map_err(|error| error.at(self.span(name))),
            WindowType::WindowSpec(specification) => inherit(named, specification),
        }
    }

    /// A frame, or the default one.
    pub(super) fn bind_frame(
        &mut self,
        specification: &WindowSpec,
        order_by: &mut [SortKey],
        context: &mut Context<'_>,
    ) -> Result<WindowFrame> {
        let Some(frame) = &specification.window_frame else {
            return Ok(WindowFrame {
                units: FrameUnits::Range,
                start: FrameBound::UnboundedPreceding,
                end: FrameBound::CurrentRow,
                exclusion: FrameExclusion::NoOthers,
            });
        };
        let units = match frame.units {
            WindowFrameUnits::Rows => FrameUnits::Rows,
            WindowFrameUnits::Range => FrameUnits::Range,
            WindowFrameUnits::Groups => FrameUnits::Groups,
        };
        if units == FrameUnits::Groups && order_by.is_empty() {
            return Err(windowing("GROUPS mode requires an ORDER BY clause"));
        }
        if units == FrameUnits::Range {
            let mut bounds = std::iter::once(&frame.start_bound).chain(&frame.end_bound);
            bounds.try_for_each(|bound| self.widen_range_key(bound, order_by, context))?;
        }
        let start = self.bind_bound(&frame.start_bound, units, order_by, true, context)?;
        let end = match &frame.end_bound {
            Some(end) => self.bind_bound(end, units, order_by, false, context)?,
            None => FrameBound::CurrentRow,
        };
        check_bounds(&start, &end)?;
        Ok(WindowFrame {
            units,
            start,
            end,
            exclusion: match &specification.window_name {
                Some(name) => exclusion::unmarked(name).1,
                None => FrameExclusion::NoOthers,
            },
        })
    }

    /// The library takes `'1' PRECEDING` for an interval; it is a constant whose type the frame decides.
    fn bind_frame_offset(&mut self, offset: &ast::Expr, context: &mut Context<'_>) -> Result<Expr> {
        let constant = match offset {
            ast::Expr::Interval(ast::Interval {
                value,
                leading_field: None,
                last_field: None,
                leading_precision: None,
                ..
            }) => Some(&**value),
            _ => None,
        };
        let before = self.span(offset).and_then(|span| self.text.get(..span.start as usize));
        let is_plain = before.is_some_and(|before| !before.trim_end().to_lowercase().ends_with("interval"));
        match constant.filter(|_| is_plain) {
            Some(constant) => self.bind_expression(constant, context),
            None => self.bind_expression(offset, context),
        }
    }

    /// A numeric key gets the digits that an offset has behind the point; an integer cannot have them.
    fn widen_range_key(
        &mut self,
        bound: &WindowFrameBound,
        order_by: &mut [SortKey],
        context: &mut Context<'_>,
    ) -> Result<()> {
        let (WindowFrameBound::Preceding(Some(offset)) | WindowFrameBound::Following(Some(offset)), [key]) =
            (bound, order_by)
        else {
            return Ok(());
        };
        let key_type = key.expression.data_type();
        let offset_type = self.bind_frame_offset(offset, context)?.data_type();
        match (&key_type, &offset_type) {
            (LogicalType::Numeric { .. }, LogicalType::Numeric { .. }) => {
                let wider = common_type_of([&key_type, &offset_type]).unwrap_or(key_type.clone());
                let value = std::mem::replace(&mut key.expression, Expr::TRUE);
                key.expression = self.coerce(value, &wider, Level::Implicit, None)?;
                Ok(())
            }
            (integer, LogicalType::Numeric { .. } | LogicalType::Real | LogicalType::Double)
                if integer.is_integer() =>
            {
                let message = format!(
                    "RANGE with offset PRECEDING/FOLLOWING for column type {key_type} and offset type {offset_type}"
                );
                let error = not_supported(message).with_hint("Cast the offset value to an appropriate type.");
                Err(error.at(self.span(&**offset)))
            }
            _ => Ok(()),
        }
    }

    fn bind_bound(
        &mut self,
        bound: &WindowFrameBound,
        units: FrameUnits,
        order_by: &[SortKey],
        is_start: bool,
        context: &mut Context<'_>,
    ) -> Result<FrameBound> {
        let offset = match bound {
            WindowFrameBound::CurrentRow => return Ok(FrameBound::CurrentRow),
            WindowFrameBound::Preceding(None) if is_start => return Ok(FrameBound::UnboundedPreceding),
            WindowFrameBound::Following(None) if !is_start => return Ok(FrameBound::UnboundedFollowing),
            WindowFrameBound::Preceding(None) => {
                return Err(windowing("frame end cannot be UNBOUNDED PRECEDING"));
            }
            WindowFrameBound::Following(None) => {
                return Err(windowing("frame start cannot be UNBOUNDED FOLLOWING"));
            }
            WindowFrameBound::Preceding(Some(offset)) | WindowFrameBound::Following(Some(offset)) => offset,
        };
        let span = self.span(&**offset);
        let bound_offset = self.bind_frame_offset(offset, context)?;
        if !bound_offset.columns().is_empty() {
            return Err(Error::new(
                SqlState::INVALID_COLUMN_REFERENCE,
                "a frame offset must not contain variables",
            )
            .at(span));
        }
        let target = match units {
            FrameUnits::Rows | FrameUnits::Groups => LogicalType::BigInt,
            FrameUnits::Range => range_offset_type(order_by)?,
        };
        let given = bound_offset.data_type();
        let coerced = self.coerce(bound_offset, &target, Level::Assignment, span);
        let offset = coerced.map_err(|error| match (units, error.state) {
            (FrameUnits::Rows | FrameUnits::Groups, SqlState::CANNOT_COERCE) => {
                let units = if units == FrameUnits::Rows { "ROWS" } else { "GROUPS" };
                let message = format!("argument of {units} must be type {target}, not type {given}");
                Error::new(SqlState::DATATYPE_MISMATCH, message).at(span)
            }
            _ => error,
        })?;
        // Other offsets are looked at when they are evaluated.
        let which = if is_start { "starting" } else { "ending" };
        let wrong = match &offset {
            Expr::Literal(Literal::Null, _) => Some(("22004", format!("frame {which} offset must not be null"))),
            Expr::Literal(Literal::Integer(value), _) if *value < 0 && units == FrameUnits::Range => Some((
                "22013",
                "invalid preceding or following size in window function".to_owned(),
            )),
            Expr::Literal(Literal::Integer(value), _) if *value < 0 => {
                Some(("22013", format!("frame {which} offset must not be negative")))
            }
            _ => None,
        };
        if let Some((state, message)) = wrong {
            return Err(Error::new(SqlState(state), message).at(span));
        }
        Ok(match bound {
            WindowFrameBound::Preceding(_) => FrameBound::Preceding(Box::new(offset)),
            _ => FrameBound::Following(Box::new(offset)),
        })
    }
}

/// What is added to the sort key's type to move along it.
fn range_offset_type(order_by: &[SortKey]) -> Result<LogicalType> {
    let [key] = order_by else {
        return Err(windowing(
            "RANGE with offset PRECEDING/FOLLOWING requires exactly one ORDER BY column",
        ));
    };
    let data_type = key.expression.data_type();
    match data_type.kind() {
        TypeKind::Date | TypeKind::Timestamp | TypeKind::TimestampTz | TypeKind::Time | TypeKind::Interval => {
            Ok(LogicalType::Interval)
        }
        _ if data_type.is_numeric() => Ok(data_type),
        _ => Err(not_supported(format!(
            "RANGE with offset PRECEDING/FOLLOWING for column type {data_type}"
        ))),
    }
}

fn check_bounds(start: &FrameBound, end: &FrameBound) -> Result<()> {
    match (start, end) {
        (FrameBound::CurrentRow, FrameBound::Preceding(_)) => {
            Err(windowing("frame starting from current row cannot have preceding rows"))
        }
        (FrameBound::Following(_), FrameBound::CurrentRow | FrameBound::Preceding(_)) => Err(windowing(
            "frame starting from following row cannot have preceding rows",
        )),
        _ => Ok(()),
    }
}

fn find<'w>(named: &'w [(String, WindowSpec)], name: &str) -> Result<&'w WindowSpec> {
    named
        .iter()
        .find(|(known, _)| known == name)
        .map(|(_, specification)| specification)
        .ok_or_else(|| Error::new(SqlState::UNDEFINED_OBJECT, format!("window \"{name}\" does not exist")))
}

/// A window that begins with another's name takes its partition, and its order where it has none itself. Of the name only the mark
/// stays that says what the frame leaves out.
fn inherit(named: &[(String, WindowSpec)], specification: &WindowSpec) -> Result<WindowSpec> {
    let Some(base_name) = &specification.window_name else {
        return Ok(specification.clone());
    };
    let (Some(base_name), excluded) = exclusion::unmarked(base_name) else {
        return Ok(specification.clone());
    };
    let name = fold(&base_name);
    let base = find(named, &name)?;
    if !specification.partition_by.is_empty() {
        return Err(windowing(format!(
            "cannot override PARTITION BY clause of window \"{name}\""
        )));
    }
    if !specification.order_by.is_empty() && !base.order_by.is_empty() {
        return Err(windowing(format!(
            "cannot override ORDER BY clause of window \"{name}\""
        )));
    }
    if base.window_frame.is_some() {
        return Err(windowing(format!(
            "cannot copy window \"{name}\" because it has a frame clause"
        )));
    }
    let order_by = match specification.order_by.is_empty() {
        true => base.order_by.clone(),
        false => specification.order_by.clone(),
    };
    Ok(WindowSpec {
        window_name: exclusion::mark(excluded),
        partition_by: base.partition_by.clone(),
        order_by,
        window_frame: specification.window_frame.clone(),
    })
}
