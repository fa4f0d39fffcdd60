//! Comparisons of two values.

use super::error::Failure;
use super::item::Item;
use super::path::Comparison;
use crate::functions::StatementContext;
use crate::functions::kernel::compare::compare_jsonb;
use crate::functions::scalar::json::document::Kind;
use std::cmp::Ordering;

/// Whether two values compare so; `None` where nobody can say. `zone`: the statement whose time zone may be used.
///
/// # Errors
/// 0A000 for dates and times that only a time zone makes comparable, where none may be used.
pub(super) fn compare(
    comparison: Comparison,
    left: &Item<'_>,
    right: &Item<'_>,
    zone: Option<&StatementContext>,
) -> Result<Option<bool>, Failure> {
    let ordering = match (left, right) {
        (Item::Datetime(left), Item::Datetime(right)) => left.compare(right, zone)?,
        (Item::Json(left), Item::Json(right)) => match (left.kind(), right.kind()) {
            (Kind::Null, Kind::Null) => Some(Ordering::Equal),
            // null differs from everything else, and neither comes first.
            (Kind::Null, _) | (_, Kind::Null) => return Ok(Some(comparison == Comparison::NotEqual)),
            (one, other) if one != other || !one.is_scalar() => None,
            _ => Some(compare_jsonb(left.text(), right.text())),
        },
        (Item::Json(json), Item::Datetime(_)) | (Item::Datetime(_), Item::Json(json)) => match json.kind() {
            Kind::Null => return Ok(Some(comparison == Comparison::NotEqual)),
            _ => None,
        },
    };
    Ok(ordering.map(|ordering| match comparison {
        Comparison::Equal => ordering.is_eq(),
        Comparison::NotEqual => ordering.is_ne(),
        Comparison::Less => ordering.is_lt(),
        Comparison::LessOrEqual => ordering.is_le(),
        Comparison::Greater => ordering.is_gt(),
        Comparison::GreaterOrEqual => ordering.is_ge(),
    }))
}
