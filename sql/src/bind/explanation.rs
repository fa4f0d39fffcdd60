//! The text of an explanation's assembly: how what a query answered before and after, and what each of its tables did, become one list of
//! parts. Text, because the binder says best what it means; its sources are queries that were bound already. Nothing is bound here.

use super::bind_changes::ARRIVALS;
use crate::catalog::RelationInfo;
use crate::plan::Plan;
use crate::types::LogicalType;
use std::sync::Arc;

/// What an output column of the query is.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// The same for all rows of a group.
    Key,
    /// A sum or count.
    Additive,
    /// Anything else: what rows did to it cannot be told one by one.
    Other,
}

/// An output column of the query.
pub(super) struct Output {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) data_type: LogicalType,
}

/// What a table did to the answer.
pub(super) enum Effect {
    /// By the causes of rows that came and went.
    ByRows { added: Plan, removed: Plan },
    /// As the difference of two answers.
    ByAnswers { before: Plan, after: Plan },
}

/// The parts of an explanation put together, as text: its sources are `before` and `after`, and for each table what it added and took away.
pub(super) struct Assembly<'a> {
    pub(super) key_count: usize,
    pub(super) outputs: &'a [Output],
    pub(super) tables: &'a [Arc<RelationInfo>],
}

/// What commits are for, as parts of an explanation.
const PARTS: [(&str, &str); 8] = [
    ("insert", "inserted"),
    ("copy", "inserted"),
    ("load", "inserted"),
    ("upsert", "upserted"),
    ("update", "updated"),
    ("merge", "merged"),
    ("delete", "deleted"),
    ("truncate", "deleted"),
];

/// Commits that bring rows from outside, of which it is told how they came.
const FROM_OUTSIDE: &str = "'insert', 'copy', 'load', 'transaction'";

/// The part that a row belongs to which came, and one which went: what its commit was for, and of rows that came from outside, how.
fn by_causes() -> [String; 2] {
    let cases = PARTS.iter().fold(String::new(), |cases, (cause, part)| {
        format!("{cases} WHEN '{cause}' THEN '{part}'")
    });
    let by_cause = format!("CASE coalesce(cause, 'unknown'){cases} ELSE coalesce(cause, 'unknown') END");
    let arrivals = (0..)
        .zip(ARRIVALS)
        .take(3)
        .fold(String::new(), |cases, (number, part)| {
            format!("{cases} WHEN arrival = {number} THEN '{part}'")
        });
    let added = format!("CASE WHEN cause NOT IN ({FROM_OUTSIDE}) THEN {by_cause}{arrivals} ELSE {by_cause} END");
    [added, by_cause]
}

/// A list as the beginning of a longer one: its comma behind instead of in front.
fn leading(list: &str) -> String {
    let list = list.strip_prefix(", ");
    list.map(|list| format!("{list}, ")).unwrap_or_default()
}

impl Assembly<'_> {
    /// The columns: the query's keys, the part, the table and how many rows of it, and the query's other columns.
    pub(super) fn names(&self) -> Vec<String> {
        let of = |is_key: bool| {
            let outputs = self.outputs.iter();
            let outputs = outputs.filter(move |output| (output.kind == Kind::Key) == is_key);
            outputs.map(|output| output.name.clone())
        };
        let own = ["part", "relation", "rows_added", "rows_removed"].map(str::to_owned);
        of(true).chain(own).chain(of(false)).collect()
    }

    /// The outputs, keys or others, as a list in which each is what is said of it.
    fn list(&self, is_key: bool, said: impl Fn(usize, &Output) -> String) -> String {
        let outputs = self.outputs.iter().enumerate();
        let outputs = outputs.filter(|(_, output)| (output.kind == Kind::Key) == is_key);
        outputs.fold(String::new(), |list, (place, output)| {
            list + ", " + &said(place, output)
        })
    }

    fn keys(&self) -> String {
        (0..self.key_count).fold(String::new(), |list, place| format!("{list}, k{place}"))
    }

    pub(super) fn text(&self, effects: &[Effect]) -> String {
        let (keys, plain) = (self.keys(), |place: usize, _: &Output| format!("c{place}"));
        let (of_groups, values) = (self.list(true, plain), self.list(false, plain));
        let whole = |rank: usize, part: &str| {
            format!(
                "SELECT {rank} AS rank, '{part}' AS part, NULL::text AS relation, NULL::bigint AS rows_added, \
                 NULL::bigint AS rows_removed{keys}{of_groups}{values} FROM {part}"
            )
        };
        let mut entries = vec![whole(0, "before"), whole(self.tables.len() + 1, "after")];
        for (place, effect) in effects.iter().enumerate() {
            entries.push(match effect {
                Effect::ByRows { .. } => self.by_rows(place),
                Effect::ByAnswers { .. } => self.by_answers(place),
            });
        }
        let (entries, last) = (entries.join(" UNION ALL "), self.tables.len() + 1);
        let partition = match keys.strip_prefix(", ") {
            Some(keys) => format!("PARTITION BY {keys}"),
            None => String::new(),
        };
        let (first, order) = (leading(&of_groups), leading(&keys));
        format!(
            "SELECT {first}part, relation, rows_added, rows_removed{values} FROM (SELECT *, \
             count(*) FILTER (WHERE rank BETWEEN 1 AND {}) OVER ({partition}) AS parts FROM ({entries}) AS entry) AS entry \
             WHERE parts > 0 ORDER BY {order}rank, part",
            last - 1,
        )
    }

    /// The parts of a table whose rows tell them: by the causes of commits for the first table, all in one for the others.
    fn by_rows(&self, place: usize) -> String {
        let [part_added, part_removed] = match self.is_fact(place) {
            true => by_causes(),
            false => [self.whole_part(place), self.whole_part(place)],
        };
        let one_side = |part: &str, source: &str, sign: &str, added: &str, removed: &str| {
            let values = self.list(false, |place, output| match output.kind {
                Kind::Additive => format!("{sign}c{place} AS c{place}"),
                _ => format!("NULL AS c{place}"),
            });
            format!(
                "SELECT {part} AS part, {added} AS rows_added, {removed} AS rows_removed{}{}{values} FROM \"{source} {place}\"",
                self.keys(),
                self.list(true, |place, _| format!("c{place}")),
            )
        };
        let rows = [
            one_side(&part_added, "plus", "", "rows", "0"),
            one_side(&part_removed, "minus", "-", "0", "rows"),
        ];
        self.summed(
            place,
            &rows.join(" UNION ALL "),
            "sum(rows_added)::bigint",
            "sum(rows_removed)::bigint",
        )
    }

    /// The part of a table of which only answers tell: those rows of either answer that the other has not.
    fn by_answers(&self, place: usize) -> String {
        let one_side = |this: &str, other: &str, sign: &str| {
            let plain = self.list(true, |place, _| format!("c{place}"));
            let all = self.list(false, |place, _| format!("c{place}"));
            let columns = format!("{}{plain}{all}", self.keys());
            let columns = columns.trim_start_matches(", ");
            let values = self.list(false, |place, output| match output.kind {
                Kind::Additive => format!("{sign}c{place} AS c{place}"),
                _ => format!("NULL AS c{place}"),
            });
            format!(
                "SELECT {} AS part{}{plain}{values} FROM (SELECT {columns} FROM \"{this} {place}\" EXCEPT ALL \
                 SELECT {columns} FROM \"{other} {place}\") AS answer",
                self.whole_part(place),
                self.keys()
            )
        };
        let rows = [one_side("plus", "minus", ""), one_side("minus", "plus", "-")];
        self.summed(place, &rows.join(" UNION ALL "), "NULL::bigint", "NULL::bigint")
    }

    /// Both sides of a table added up.
    fn summed(&self, place: usize, rows: &str, rows_added: &str, rows_removed: &str) -> String {
        let (keys, of_groups) = (self.keys(), self.list(true, |place, _| format!("c{place}")));
        let values = self.list(false, |place, output| match output.kind {
            Kind::Additive => format!("sum(c{place})::{} AS c{place}", output.data_type),
            _ => format!("NULL AS c{place}"),
        });
        let relation = self.tables.get(place).map(|table| table.name.replace('\'', "''"));
        format!(
            "SELECT {} AS rank, part, '{}'::text AS relation, {rows_added} AS rows_added, {rows_removed} AS \
             rows_removed{keys}{of_groups}{values} FROM ({rows}) AS side GROUP BY part{keys}{of_groups}",
            place + 1,
            relation.unwrap_or_default()
        )
    }

    /// The part of all changes of a table together.
    fn whole_part(&self, place: usize) -> String {
        match self.is_fact(place) {
            true => "'changed'".to_owned(),
            false => "'dimension changed'".to_owned(),
        }
    }

    /// Whether the explanation is about a table, not about what it is joined with.
    fn is_fact(&self, place: usize) -> bool {
        let (first, this) = (self.tables.first(), self.tables.get(place));
        first.map(|table| table.id) == this.map(|table| table.id)
    }
}
