//! Sequences as they are defined: how they count, and whether that makes sense. Where they stand is the business of
//! `database::sequences`.

use crate::error::{Error, Result, SqlState};
use serde_json::{Value, json};
use stoa_sql::plan::SequenceOptions;
use stoa_sql::types::LogicalType;

/// The column that a sequence belongs to: it goes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SequenceOwner {
    /// The table's number in `pg_class`.
    pub(crate) table: u32,
    /// The column's identity in storage.
    pub(crate) column: u32,
}

/// A sequence.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SequenceDefinition {
    /// Its number.
    pub(crate) oid: u32,
    /// The object of storage in which its state is kept: never used by another sequence, not even by one of the same number.
    pub(crate) state_object: String,
    /// smallint, integer or bigint.
    pub(crate) data_type: LogicalType,
    /// The step; not 0.
    pub(crate) increment: i64,
    /// The least number.
    pub(crate) minimum: i64,
    /// The largest.
    pub(crate) maximum: i64,
    /// The first one.
    pub(crate) start: i64,
    /// As written; numbers are always handed out one by one.
    pub(crate) cache: i64,
    /// Begins anew behind its last number.
    pub(crate) cycles: bool,
    /// The column it belongs to.
    pub(crate) owner: Option<SequenceOwner>,
}

/// The least and the largest number of a type.
fn bounds(data_type: &LogicalType) -> Result<(i64, i64)> {
    match data_type {
        LogicalType::SmallInt => Ok((i16::MIN.into(), i16::MAX.into())),
        LogicalType::Integer => Ok((i32::MIN.into(), i32::MAX.into())),
        LogicalType::BigInt => Ok((i64::MIN, i64::MAX)),
        _ => Err(invalid("sequence type must be smallint, integer, or bigint")),
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::user(SqlState::INVALID_PARAMETER_VALUE, message)
}

impl SequenceDefinition {
    /// A new one, as options and defaults have it.
    ///
    /// # Errors
    /// 22023 where the numbers make no sense together.
    pub(crate) fn new(oid: u32, state_object: String, options: &SequenceOptions) -> Result<Self> {
        let blank = SequenceDefinition {
            oid,
            state_object,
            data_type: LogicalType::BigInt,
            increment: 1,
            minimum: 1,
            maximum: i64::MAX,
            start: 1,
            cache: 1,
            cycles: false,
            owner: None,
        };
        blank.changed(options, true)
    }

    /// The same with other options.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub(crate) fn altered(&self, options: &SequenceOptions) -> Result<Self> {
        self.changed(options, false)
    }

    fn changed(&self, options: &SequenceOptions, is_new: bool) -> Result<Self> {
        let mut next = self.clone();
        let old = bounds(&self.data_type)?;
        next.data_type = options.data_type.clone().unwrap_or(next.data_type);
        let (least, most) = bounds(&next.data_type)?;
        next.increment = options.increment.unwrap_or(next.increment);
        if next.increment == 0 {
            return Err(invalid("INCREMENT must not be zero"));
        }
        let ascends = next.increment > 0;
        // A bound that was the type's own goes with the type.
        let renews_maximum = is_new || options.data_type.is_some() && self.maximum == old.1;
        let renews_minimum = is_new || options.data_type.is_some() && self.minimum == old.0;
        next.maximum = match options.maximum {
            Some(Some(maximum)) => maximum,
            None if !renews_maximum => next.maximum,
            _ => {
                if ascends {
                    most
                } else {
                    -1
                }
            }
        };
        next.minimum = match options.minimum {
            Some(Some(minimum)) => minimum,
            None if !renews_minimum => next.minimum,
            _ => {
                if ascends {
                    1
                } else {
                    least
                }
            }
        };
        next.start = match options.start {
            Some(start) => start,
            None if is_new => {
                if ascends {
                    next.minimum
                } else {
                    next.maximum
                }
            }
            None => next.start,
        };
        next.cache = options.cache.unwrap_or(next.cache);
        next.cycles = options.cycle.unwrap_or(next.cycles);
        next.check(least, most)?;
        Ok(next)
    }

    fn check(&self, least: i64, most: i64) -> Result<()> {
        let SequenceDefinition {
            minimum,
            maximum,
            start,
            ..
        } = *self;
        let data_type = &self.data_type;
        let of_type = |name: &str, value: i64| match (least..=most).contains(&value) {
            true => Ok(()),
            false => Err(invalid(format!(
                "{name} ({value}) is out of range for sequence data type {data_type}"
            ))),
        };
        of_type("MAXVALUE", maximum)?;
        of_type("MINVALUE", minimum)?;
        if minimum >= maximum {
            return Err(invalid(format!(
                "MINVALUE ({minimum}) must be less than MAXVALUE ({maximum})"
            )));
        }
        if start < minimum {
            return Err(invalid(format!(
                "START value ({start}) cannot be less than MINVALUE ({minimum})"
            )));
        }
        if start > maximum {
            return Err(invalid(format!(
                "START value ({start}) cannot be greater than MAXVALUE ({maximum})"
            )));
        }
        match self.cache > 0 {
            true => Ok(()),
            false => Err(invalid(format!("CACHE ({}) must be greater than zero", self.cache))),
        }
    }

    /// As the definition's JSON has it.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "state_object": self.state_object,
            "type": self.data_type.to_string(),
            "increment": self.increment,
            "minimum": self.minimum,
            "maximum": self.maximum,
            "start": self.start,
            "cache": self.cache,
            "cycles": self.cycles,
            "owner": self.owner.map(|owner| [owner.table, owner.column]),
        })
    }

    /// Back again; `None` where something is missing.
    pub(super) fn from_json(oid: u32, value: &Value) -> Option<Self> {
        let number = |name: &str| value.get(name)?.as_i64();
        let owner = match value.get("owner")? {
            Value::Null => None,
            owner => {
                let part = |at: usize| u32::try_from(owner.get(at)?.as_u64()?).ok();
                Some(SequenceOwner {
                    table: part(0)?,
                    column: part(1)?,
                })
            }
        };
        Some(SequenceDefinition {
            oid,
            state_object: value.get("state_object")?.as_str()?.to_owned(),
            data_type: super::type_name::parse_type_name(value.get("type")?.as_str()?)?,
            increment: number("increment")?,
            minimum: number("minimum")?,
            maximum: number("maximum")?,
            start: number("start")?,
            cache: number("cache")?,
            cycles: value.get("cycles")?.as_bool()?,
            owner,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_follow_direction_and_type() {
        let options = |increment, data_type| SequenceOptions {
            increment: Some(increment),
            data_type: Some(data_type),
            ..SequenceOptions::default()
        };
        let up = SequenceDefinition::new(1, "s".into(), &options(2, LogicalType::SmallInt)).unwrap();
        assert_eq!((up.minimum, up.maximum, up.start), (1, 32_767, 1));
        let down = SequenceDefinition::new(1, "s".into(), &options(-1, LogicalType::Integer)).unwrap();
        assert_eq!((down.minimum, down.maximum, down.start), (i32::MIN.into(), -1, -1));
        let wide = SequenceOptions {
            data_type: Some(LogicalType::BigInt),
            ..SequenceOptions::default()
        };
        assert_eq!(up.altered(&wide).unwrap().maximum, i64::MAX);
        assert_eq!(SequenceDefinition::from_json(1, &up.to_json()).unwrap(), up);
    }

    #[test]
    fn numbers_that_make_no_sense_are_refused() {
        let wrong = [
            SequenceOptions {
                increment: Some(0),
                ..Default::default()
            },
            SequenceOptions {
                minimum: Some(Some(5)),
                maximum: Some(Some(5)),
                ..Default::default()
            },
            SequenceOptions {
                start: Some(0),
                ..Default::default()
            },
            SequenceOptions {
                cache: Some(0),
                ..Default::default()
            },
            SequenceOptions {
                data_type: Some(LogicalType::SmallInt),
                maximum: Some(Some(40_000)),
                ..Default::default()
            },
        ];
        for options in wrong {
            let error = SequenceDefinition::new(1, "s".into(), &options).unwrap_err();
            assert_eq!(error.state(), SqlState::INVALID_PARAMETER_VALUE, "{options:?}");
        }
    }
}
