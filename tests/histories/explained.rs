//! Why a question about a history answers differently at two versions: what `stoa.explain_change` says, held against what the model
//! says of both. Whatever the causes, the parts add up to the difference, and no group that changed is left out.

use crate::model::Rows;
use std::collections::BTreeMap;

/// What a kind of row is called, in a table that rows are joined with.
pub(crate) type Labels = BTreeMap<String, String>;

/// Rows, the sum of their amounts and the largest.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Measures {
    count: i64,
    total: i64,
    most: Option<i64>,
}

/// The question, by kinds or by their labels.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Explained {
    Kind,
    Label,
    /// By labels, kinds without one too.
    AnyLabel,
}

impl Explained {
    /// As SQL.
    pub(crate) fn sql(self, from: u64, until: u64) -> String {
        let measures = "count(*) AS n, sum(amount) AS total, max(amount) AS most";
        let query = match self {
            Explained::Kind => format!("SELECT kind AS name, {measures} FROM t GROUP BY kind"),
            Explained::Label => {
                format!("SELECT label AS name, {measures} FROM t JOIN labels USING (kind) GROUP BY label")
            }
            Explained::AnyLabel => {
                format!("SELECT label AS name, {measures} FROM t LEFT JOIN labels USING (kind) GROUP BY label")
            }
        };
        format!(
            "SELECT name, part, coalesce(rows_added, 0), coalesce(rows_removed, 0), n, coalesce(total, 0), most
             FROM stoa.explain_change($${query}$$, {from}, {until})"
        )
    }

    /// What is wrong with an explanation, if anything.
    pub(crate) fn problem(self, lines: &[String], then: (&Rows, &Labels), now: (&Rows, &Labels)) -> Option<String> {
        let (before, after) = (self.groups(then), self.groups(now));
        let mut parts: BTreeMap<&str, Vec<(&str, Measures)>> = BTreeMap::new();
        for line in lines {
            let fields: Vec<&str> = line.split('|').collect();
            let number = |at: usize| fields[at].parse::<i64>().ok();
            let (Some(added), Some(removed), Some(count), Some(total)) = (number(2), number(3), number(4), number(5))
            else {
                return Some(format!("{line} has no numbers"));
            };
            let is_part = !matches!(fields[1], "before" | "after");
            if is_part && matches!(self, Explained::Kind) && added - removed != count {
                return Some(format!("{line}: rows do not make the count"));
            }
            let most = number(6);
            parts
                .entry(fields[0])
                .or_default()
                .push((fields[1], Measures { count, total, most }));
        }
        let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        for name in names {
            let of = |groups: &BTreeMap<String, Measures>| groups.get(name).copied();
            let Some(parts) = parts.remove(name.as_str()) else {
                match of(&before) == of(&after) {
                    true => continue,
                    false => return Some(format!("{name} changed and is not explained")),
                }
            };
            if let Some(problem) = problem_of_group(&parts, of(&before), of(&after)) {
                return Some(format!("{name}: {problem}"));
            }
        }
        // Rows may have come and gone of a group that was there at neither version.
        parts.iter().find_map(|(name, parts)| {
            problem_of_group(parts, None, None).map(|problem| format!("{name}, which there was not: {problem}"))
        })
    }

    fn groups(self, (rows, labels): (&Rows, &Labels)) -> BTreeMap<String, Measures> {
        let mut groups: BTreeMap<String, Measures> = BTreeMap::new();
        for row in rows.values() {
            let name = match self {
                Explained::Kind => Some(row.kind.clone()),
                Explained::Label => labels.get(&row.kind).cloned(),
                Explained::AnyLabel => Some(labels.get(&row.kind).cloned().unwrap_or_else(|| "NULL".into())),
            };
            let Some(name) = name else { continue };
            let group = groups.entry(name).or_default();
            group.count += 1;
            group.total += row.amount.unwrap_or(0);
            group.most = group.most.max(row.amount);
        }
        groups
    }
}

fn problem_of_group(parts: &[(&str, Measures)], before: Option<Measures>, after: Option<Measures>) -> Option<String> {
    let named = |name: &str| {
        parts
            .iter()
            .find(|(part, _)| *part == name)
            .map(|(_, measures)| *measures)
    };
    for (name, expected) in [("before", before), ("after", after)] {
        if named(name) != expected {
            return Some(format!("{name} is {:?} and not {expected:?}", named(name)));
        }
    }
    let mut sums = before.unwrap_or_default();
    for (_, part) in parts.iter().filter(|(part, _)| !matches!(*part, "before" | "after")) {
        sums.count += part.count;
        sums.total += part.total;
    }
    let after = after.unwrap_or_default();
    let is_explained = (sums.count, sums.total) == (after.count, after.total);
    (!is_explained).then(|| format!("{parts:?} do not make {after:?} of {before:?}"))
}
