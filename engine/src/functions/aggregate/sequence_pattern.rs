//! ClickHouse's patterns of events: `(?1)` an event for which the first condition holds, `.` any event, `.*` any number of events,
//! `(?t<=3600)` so much time from the event before to one of those that follow. Matched by trying, shortest first, with a bound on
//! the steps.

use super::events::Event;
use crate::error::{Error, Result, SqlState};
use crate::limits::PATTERN_STEPS_MAX;
use std::cmp::Ordering;

/// A step of a pattern.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Action {
    /// An event with the condition of this bit.
    Condition(u32),
    Any,
    /// Any number of events.
    Star,
    /// The event here is so far from the last one.
    Time(TimeTest, i64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum TimeTest {
    LessOrEqual,
    Less,
    GreaterOrEqual,
    Greater,
    Equal,
}

impl TimeTest {
    fn holds(self, order: Ordering) -> bool {
        match self {
            TimeTest::LessOrEqual => order.is_le(),
            TimeTest::Less => order.is_lt(),
            TimeTest::GreaterOrEqual => order.is_ge(),
            TimeTest::Greater => order.is_gt(),
            TimeTest::Equal => order.is_eq(),
        }
    }

    /// Whether a later event may pass where this one does not.
    fn waits(self) -> bool {
        matches!(self, TimeTest::GreaterOrEqual | TimeTest::Greater | TimeTest::Equal)
    }
}

/// A pattern, ready to match.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pattern {
    actions: Vec<Action>,
}

impl Pattern {
    /// Reads a pattern over so many conditions; a second is so many units of the events' times.
    pub(super) fn parse(text: &str, conditions: usize, units_per_second: i64) -> Result<Self> {
        let invalid = |at: usize, why: String| {
            Error::user(
                SqlState::INVALID_PARAMETER_VALUE,
                format!("invalid pattern of events: {why} at character {}", at + 1),
            )
        };
        let mut actions = vec![Action::Star];
        let mut rest = text;
        while !rest.is_empty() {
            let at = text.len() - rest.len();
            if let Some(after) = rest.strip_prefix("(?") {
                let Some((inside, after)) = after.split_once(')') else {
                    return Err(invalid(at, "the parenthesis is not closed".to_owned()));
                };
                actions.push(match inside.strip_prefix('t') {
                    Some(test) => time_test(test, units_per_second)
                        .ok_or_else(|| invalid(at, format!("\"(?{inside})\" is no condition on time")))?,
                    None => match inside.parse::<usize>() {
                        Ok(number) if (1..=conditions).contains(&number) => Action::Condition(number as u32 - 1),
                        Ok(number) => return Err(invalid(at, format!("there is no condition {number}"))),
                        Err(_) => {
                            return Err(invalid(
                                at,
                                format!("\"(?{inside})\" is neither a condition nor a time"),
                            ));
                        }
                    },
                });
                rest = after;
            } else if let Some(after) = rest.strip_prefix(".*") {
                actions.push(Action::Star);
                rest = after;
            } else if let Some(after) = rest.strip_prefix('.') {
                actions.push(Action::Any);
                rest = after;
            } else {
                let character: String = rest.chars().take(1).collect();
                return Err(invalid(at, format!("unexpected \"{character}\"")));
            }
        }
        Ok(Pattern { actions })
    }

    /// Whether the pattern occurs.
    pub(super) fn is_match(&self, events: &[Event]) -> Result<bool> {
        Ok(self.end_of_match(events, 0)?.is_some())
    }

    /// How often the pattern occurs, one match beginning behind the other.
    pub(super) fn count(&self, events: &[Event]) -> Result<i64> {
        let (mut count, mut from) = (0, 0);
        while from < events.len()
            && let Some(end) = self.end_of_match(events, from)?
        {
            count += 1;
            // A pattern that takes no event goes on all the same.
            from = end.max(from + 1);
        }
        Ok(count)
    }

    /// Behind the last event of the first match from a place on.
    fn end_of_match(&self, events: &[Event], from: usize) -> Result<Option<usize>> {
        let mut choices: Vec<(usize, usize, usize)> = Vec::new();
        let (mut at, mut place, mut base) = (0, from, from);
        let mut steps = 0;
        while let (Some(action), Some(event)) = (self.actions.get(at), events.get(place)) {
            steps += 1;
            if steps > PATTERN_STEPS_MAX {
                let error = stoa_sql::Error::new(
                    SqlState::PROGRAM_LIMIT_EXCEEDED,
                    format!("a pattern of events takes more than {PATTERN_STEPS_MAX} steps to match"),
                );
                return Err(error
                    .with_hint("Use fewer .* in the pattern, or leave out events that do not matter by WHERE.")
                    .into());
            }
            let passes = match action {
                Action::Condition(bit) => event.conditions >> bit & 1 == 1,
                Action::Any | Action::Star => true,
                Action::Time(test, distance) => {
                    let start = events.get(base).map_or(event.time, |base| base.time);
                    test.holds(event.time.cmp(&start.saturating_add(*distance)))
                }
            };
            match action {
                Action::Condition(_) | Action::Any if passes => {
                    (base, at, place) = (place, at + 1, place + 1);
                }
                Action::Star | Action::Time(..) if passes => {
                    choices.push((at, place, base));
                    (base, at) = (place, at + 1);
                }
                Action::Time(test, _) if test.waits() && place + 1 < events.len() => place += 1,
                _ => match choices.pop() {
                    Some((action, event, start)) => (at, place, base) = (action, event + 1, start),
                    None => return Ok(None),
                },
            }
        }
        let left = self.actions.get(at..).unwrap_or_default();
        Ok(left.iter().all(|action| *action == Action::Star).then_some(place))
    }
}

fn time_test(text: &str, units_per_second: i64) -> Option<Action> {
    let text = text.trim();
    let tests = [
        ("<=", TimeTest::LessOrEqual),
        (">=", TimeTest::GreaterOrEqual),
        ("==", TimeTest::Equal),
        ("=", TimeTest::Equal),
        ("<", TimeTest::Less),
        (">", TimeTest::Greater),
    ];
    let (number, test) = tests
        .into_iter()
        .find_map(|(sign, test)| text.strip_prefix(sign).map(|number| (number.trim(), test)))?;
    let distance: i64 = number.parse().ok().filter(|distance| *distance >= 0)?;
    Some(Action::Time(test, distance.checked_mul(units_per_second)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(pattern: &str, events: &[(i64, u32)]) -> i64 {
        let events: Vec<Event> = events
            .iter()
            .map(|(time, condition)| Event {
                time: *time,
                conditions: 1 << (condition - 1),
            })
            .collect();
        Pattern::parse(pattern, 4, 1).unwrap().count(&events).unwrap()
    }

    #[test]
    fn patterns_match() {
        let events = [(1, 1), (2, 3), (3, 2), (4, 1), (10, 2), (11, 2)];
        for (pattern, expected) in [
            ("(?1)", 2),
            ("(?1)(?2)", 1),
            ("(?1).*(?2)", 2),
            ("(?1).(?2)", 2),
            ("(?1)(?t<=2)(?2)", 1),
            ("(?1)(?t>=5)(?2)", 1),
            ("(?1)(?t==2)(?2)", 1),
            ("(?2)(?2)", 1),
            ("(?4)", 0),
            ("(?1)(?3)(?2)(?1).*", 1),
        ] {
            assert_eq!(count(pattern, &events), expected, "{pattern}");
        }
    }

    #[test]
    fn wrong_patterns_are_refused() {
        for (pattern, message) in [
            (
                "(?5)",
                "invalid pattern of events: there is no condition 5 at character 1",
            ),
            (".*x", "invalid pattern of events: unexpected \"x\" at character 3"),
            (
                "(?1",
                "invalid pattern of events: the parenthesis is not closed at character 1",
            ),
            (
                "(?t~5)",
                "invalid pattern of events: \"(?t~5)\" is no condition on time at character 1",
            ),
        ] {
            assert_eq!(Pattern::parse(pattern, 4, 1).unwrap_err().to_string(), message);
        }
    }
}
