//! Samples: TABLESAMPLE behind an item of FROM, and DuckDB's USING SAMPLE over the whole FROM, before WHERE.
//!
//! A share of a table's rows is chosen by a hash of the row's identity, so that REPEATABLE chooses the same rows as long as they
//! stay where they are stored; of other rows by chance. BERNOULLI chooses row by row, SYSTEM in blocks of [`BLOCK_ROWS_LOG2`] rows that are
//! stored together. A number of rows is a sort by the hash, or by chance, and its first rows.

use super::bind_join::with_computed;
use super::coerce::Level;
use super::collect::{Clause, Context};
use super::scope::Scope;
use super::{Binder, not_supported};
use crate::error::{Error, Result, SqlState};
use crate::literal::Literal;
use crate::parse::extensions::sample::sample_arguments;
use crate::plan::{ColumnDef, CompareOp, Expr, Limit, Plan, ROW_ID_COLUMN, Sort, SortKey};
use crate::types::LogicalType;
use sqlparser::ast::{self, TableSampleMethod, TableSampleUnit};

/// SYSTEM takes or leaves 1024 rows at once.
const BLOCK_ROWS_LOG2: i64 = 10;

/// A sample as written.
pub(super) struct SampleSyntax<'a> {
    method: Option<&'a TableSampleMethod>,
    quantity: &'a ast::Expr,
    unit: Option<&'a TableSampleUnit>,
    seed: Option<i64>,
}

/// How much of the rows.
enum Amount {
    /// A share, 0 to 1.
    Share(f64),
    Rows(i64),
}

fn invalid(message: &str) -> Error {
    Error::new(SqlState("2202H"), message)
}

impl<'a> SampleSyntax<'a> {
    /// What stands behind TABLESAMPLE.
    pub(super) fn of_table(sample: &'a ast::TableSampleKind) -> Result<Self> {
        let (ast::TableSampleKind::BeforeTableAlias(sample) | ast::TableSampleKind::AfterTableAlias(sample)) = sample;
        if sample.bucket.is_some() || sample.offset.is_some() {
            return Err(not_supported("a sample of buckets"));
        }
        let Some(quantity) = &sample.quantity else {
            return Err(invalid("a sample needs a percentage or a number of rows"));
        };
        let seed = match &sample.seed {
            None => None,
            Some(seed) => Some(seed_of(&seed.value.value)?),
        };
        Ok(SampleSyntax {
            method: sample.name.as_ref(),
            quantity: &quantity.value,
            unit: quantity.unit.as_ref(),
            seed,
        })
    }
}

/// REPEATABLE's number: a whole one as it is, another by its bits.
fn seed_of(value: &ast::Value) -> Result<i64> {
    let ast::Value::Number(digits, _) = value else {
        return Err(not_supported("a seed that is no number"));
    };
    let whole = digits.parse::<i64>().ok();
    whole
        .or_else(|| digits.parse::<f64>().ok().map(|seed| seed.to_bits().cast_signed()))
        .ok_or_else(|| invalid("a seed must be a number"))
}

impl Binder<'_> {
    /// A table's rows, or others, with a sample taken of them.
    pub(super) fn sampled(&mut self, plan: Plan, sample: &SampleSyntax<'_>, is_stored: bool) -> Result<Plan> {
        let by_blocks = match sample.method {
            None | Some(TableSampleMethod::Bernoulli | TableSampleMethod::Row) => false,
            Some(TableSampleMethod::System) => true,
            Some(TableSampleMethod::Block) => return Err(not_supported("this sampling method")),
        };
        let span = self.span(sample.quantity);
        let amount = self.amount(sample).map_err(|error| error.at(span))?;
        let (plan, row) = match plan {
            Plan::Scan(mut scan) if is_stored => {
                let row = self.column("row_id", LogicalType::BigInt, false);
                scan.columns.push((ROW_ID_COLUMN, row.clone()));
                (Plan::Scan(scan), Some(row))
            }
            other => (other, None),
        };
        if row.is_none() && sample.seed.is_some() {
            return Err(not_supported("REPEATABLE of anything but a table's rows"));
        }
        match amount {
            Amount::Share(share) if share >= 1.0 => Ok(plan),
            Amount::Share(share) => {
                let chosen = match &row {
                    Some(row) => {
                        let hash = self.row_hash(row, by_blocks, sample.seed)?;
                        // Of the 2^64 hashes, those below.
                        let bound = (share * 18_446_744_073_709_551_616.0) as i128 + i128::from(i64::MIN);
                        let bound = i64::try_from(bound).unwrap_or(i64::MAX);
                        Expr::compare(CompareOp::Less, hash, Expr::bigint(bound))
                    }
                    None => {
                        let chance = self.named_call("random", Vec::new())?;
                        let share = Expr::Literal(Literal::Float(share), LogicalType::Double);
                        Expr::compare(CompareOp::Less, chance, share)
                    }
                };
                Ok(plan.filtered(vec![chosen]))
            }
            Amount::Rows(rows) => {
                let key = match &row {
                    Some(row) => self.row_hash(row, false, sample.seed)?,
                    None => self.named_call("random", Vec::new())?,
                };
                Ok(self.first_rows(plan, key, rows))
            }
        }
    }

    fn amount(&mut self, sample: &SampleSyntax<'_>) -> Result<Amount> {
        let scope = Scope::default();
        let mut context = Context::plain(&scope, Clause::From);
        let bound = self.bind_expression(sample.quantity, &mut context)?;
        let span = self.span(sample.quantity);
        let bound = self.coerce(bound, &LogicalType::Double, Level::Assignment, span)?;
        if bound.any(&mut |part| matches!(part, Expr::Parameter { .. })) {
            return Err(not_supported("a sample whose size is a parameter"));
        }
        let value = match (self.catalog.fold(&bound), bound) {
            (Some(folded), _) => folded?,
            (None, Expr::Literal(literal, _)) => literal,
            _ => return Err(not_supported("a sample whose size is no constant")),
        };
        let number = match value {
            Literal::Float(value) => value,
            _ => return Err(invalid("TABLESAMPLE parameter cannot be null")),
        };
        // A method of Postgres takes a percentage; without one DuckDB's users mean rows.
        let is_percentage = match (sample.unit, sample.method) {
            (Some(TableSampleUnit::Percent), _) => true,
            (Some(TableSampleUnit::Rows), _) => false,
            (None, method) => matches!(method, Some(TableSampleMethod::Bernoulli | TableSampleMethod::System)),
        };
        if is_percentage {
            if matches!(sample.method, Some(TableSampleMethod::Row)) {
                return Err(not_supported("a reservoir of a percentage").with_hint("Name a number of rows."));
            }
            if !(0.0..=100.0).contains(&number) {
                return Err(invalid("sample percentage must be between 0 and 100"));
            }
            return Ok(Amount::Share(number / 100.0));
        }
        if matches!(
            sample.method,
            Some(TableSampleMethod::Bernoulli | TableSampleMethod::System)
        ) {
            return Err(not_supported("BERNOULLI or SYSTEM of a number of rows").with_hint("Name a percentage."));
        }
        match number {
            rows if rows >= 0.0 && rows.fract() == 0.0 && rows < 9e15 => Ok(Amount::Rows(rows as i64)),
            _ => Err(invalid(
                "the size of a sample must be a whole number of rows, not below 0",
            )),
        }
    }

    /// A number that a row, or its block, and the seed decide; without a seed, the time at which the statement began.
    fn row_hash(&mut self, row: &ColumnDef, by_blocks: bool, seed: Option<i64>) -> Result<Expr> {
        let mut place = Expr::Column(row.clone());
        if by_blocks {
            let shift = Expr::Literal(Literal::Integer(BLOCK_ROWS_LOG2), LogicalType::Integer);
            place = self.named_call(">>", vec![place, shift])?;
        }
        let place = self.named_call("hash64", vec![place])?;
        let seed = match seed {
            Some(seed) => self.named_call("hash64", vec![Expr::bigint(seed)])?,
            None => {
                let time = self.named_call("statement_timestamp", Vec::new())?;
                let time = self.coerce(time, &LogicalType::Text, Level::Explicit, None)?;
                let time = self.named_call("hash64", vec![time])?;
                // Two samples in one statement are independent of each other.
                self.named_call("#", vec![time, Expr::bigint(i64::from(row.id.0))])?
            }
        };
        let mixed = self.named_call("#", vec![place, seed])?;
        self.named_call("hash64", vec![mixed])
    }

    fn first_rows(&mut self, plan: Plan, key: Expr, rows: i64) -> Plan {
        let column = self.column_for("sample_key", &key);
        let keyed = with_computed(plan, vec![(column.clone(), key)]);
        Plan::Limit(Limit {
            input: Box::new(Plan::Sort(Sort {
                input: Box::new(keyed),
                keys: vec![SortKey {
                    expression: Expr::Column(column),
                    descending: false,
                    nulls_first: false,
                }],
                limit: None,
            })),
            limit: Some(Expr::bigint(rows)),
            offset: None,
        })
    }

    /// `USING SAMPLE`, which the parser was handed as a mark in CLUSTER BY.
    pub(super) fn bind_using_sample(&mut self, plan: Plan, marks: &[ast::Expr]) -> Result<Plan> {
        let Some(sample) = sample_arguments(marks) else {
            return Ok(plan);
        };
        let sample = SampleSyntax {
            method: sample.method.as_ref(),
            quantity: sample.quantity,
            unit: Some(&sample.unit),
            seed: sample.seed.map(seed_of).transpose()?,
        };
        self.sampled(plan, &sample, false)
    }
}
