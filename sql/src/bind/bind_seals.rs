//! `SET stoa.corrections = off`: of periods that were sealed, the rows that they had then. What is sealed, and that such rows do not go, is the
//! engine's business.

use super::Binder;
use super::coerce::Level;
use super::scope::ScopeColumn;
use crate::catalog::RelationInfo;
use crate::error::Result;
use crate::literal::Literal;
use crate::plan::{COMMIT_VERSION_COLUMN, CaseBranch, CompareOp, Expr, Plan, Scan};
use crate::types::LogicalType;

const CORRECTIONS_SETTING: &str = "stoa.corrections";

impl Binder<'_> {
    /// The rows of a table without corrections of what was sealed, where the session asks for these.
    pub(super) fn sealed_rows(
        &mut self,
        relation: &RelationInfo,
        mut scan: Scan,
        columns: &[ScopeColumn],
    ) -> Result<Plan> {
        let setting = self.catalog.setting(CORRECTIONS_SETTING);
        let place = relation
            .event_time
            .filter(|_| setting.is_some_and(|setting| setting == "off"));
        let time = place.and_then(|place| columns.get(place));
        let (Some(time), Some((last, _))) = (time, relation.seals.last()) else {
            return Ok(Plan::Scan(scan));
        };
        let version = self.column("version", LogicalType::BigInt, false);
        scan.columns.push((COMMIT_VERSION_COLUMN, version.clone()));
        let time = Expr::Column(time.column.clone());
        let before = |binder: &mut Self, until: i64, op: CompareOp| -> Result<Expr> {
            let until = binder.event_bound(until, &time.data_type())?;
            Ok(Expr::compare(op, time.clone(), until))
        };
        let mut branches = Vec::with_capacity(relation.seals.len());
        for (until, version) in &relation.seals {
            branches.push(CaseBranch {
                condition: before(self, *until, CompareOp::Less)?,
                result: Expr::bigint(i64::try_from(*version).unwrap_or(i64::MAX)),
            });
        }
        let sealed_at = Expr::Case {
            branches,
            otherwise: None,
            data_type: LogicalType::BigInt,
        };
        let was_there = Expr::compare(CompareOp::LessOrEqual, Expr::Column(version), sealed_at);
        let is_open = before(self, *last, CompareOp::GreaterOrEqual)?;
        let has_no_time = Expr::IsNull(Box::new(time.clone()));
        Ok(Plan::Scan(scan).filtered(vec![Expr::Or(vec![has_no_time, is_open, was_there])]))
    }

    /// An instant as a value of a column of event times: a time without zone is in UTC, a date its day.
    fn event_bound(&mut self, until: i64, data_type: &LogicalType) -> Result<Expr> {
        const DAY_US: i64 = 86_400_000_000;
        match data_type {
            LogicalType::TimestampTz => Ok(Expr::Literal(Literal::Timestamp(until), LogicalType::TimestampTz)),
            LogicalType::Timestamp => Ok(Expr::Literal(Literal::Timestamp(until), LogicalType::Timestamp)),
            other => {
                // Days begin at midnight: the first one that does not begin before.
                let midnight = until
                    .div_euclid(DAY_US)
                    .saturating_add(i64::from(until.rem_euclid(DAY_US) > 0));
                let midnight = Literal::Timestamp(midnight.saturating_mul(DAY_US));
                self.coerce(
                    Expr::Literal(midnight, LogicalType::Timestamp),
                    other,
                    Level::Explicit,
                    None,
                )
            }
        }
    }
}
