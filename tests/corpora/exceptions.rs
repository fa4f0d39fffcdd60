//! Records that are left out although PostgreSQL answers them, each with the reason; a list by hand (`CORPUS.left_out`).
//!
//! ```text
//! begins explain | plans are each database's own
//! contains information_schema. | the catalog is each database's own
//! window.slt:1540 | LIMIT without ORDER BY
//! ```

use crate::script::Record;
use std::collections::HashMap;
use std::path::Path;

/// What is left out, and why.
#[derive(Debug, Default)]
pub(crate) struct Exceptions {
    beginnings: Vec<(String, String)>,
    parts: Vec<(String, String)>,
    places: HashMap<String, String>,
}

impl Exceptions {
    /// Those of a list; none where there is no list.
    ///
    /// # Errors
    /// A line without a reason.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        let mut exceptions = Exceptions::default();
        let text = std::fs::read_to_string(path).unwrap_or_default();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let (what, reason) = line
                .split_once(" | ")
                .ok_or_else(|| format!("{}: no reason: {line}", path.display()))?;
            let reason = reason.to_owned();
            match what.split_once(' ') {
                Some(("begins", words)) => exceptions.beginnings.push((words.to_lowercase(), reason)),
                Some(("contains", words)) => exceptions.parts.push((words.to_lowercase(), reason)),
                _ => {
                    exceptions.places.insert(what.to_owned(), reason);
                }
            }
        }
        Ok(exceptions)
    }

    /// Why a record is left out, if it is.
    pub(crate) fn reason(&self, record: &Record) -> Option<&str> {
        let sql = record.sql.to_lowercase();
        let starts = |(words, _): &&(String, String)| sql.trim_start().starts_with(words.as_str());
        let contains = |(words, _): &&(String, String)| sql.contains(words.as_str());
        let by_words = self
            .beginnings
            .iter()
            .find(starts)
            .or_else(|| self.parts.iter().find(contains));
        match by_words {
            Some((_, reason)) => Some(reason),
            None => {
                let place = format!("{}:{}", record.file, record.line);
                self.places.get(&place).map(String::as_str)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::script::Expected;

    #[test]
    fn by_words_or_by_place() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        std::fs::write(
            &path,
            "# why\nbegins EXPLAIN | plans\ncontains information_schema. | catalog\na.slt:7 | here\n",
        )
        .unwrap();
        let exceptions = Exceptions::read(&path).unwrap();
        let reason = |line, sql: &str| {
            let (file, sql) = ("a.slt".into(), sql.to_owned());
            let expected = Expected::Success;
            exceptions
                .reason(&Record {
                    file,
                    line,
                    sql,
                    expected,
                })
                .map(str::to_owned)
        };
        assert_eq!(reason(1, " explain SELECT").as_deref(), Some("plans"));
        assert_eq!(
            reason(1, "SELECT * FROM INFORMATION_SCHEMA.tables").as_deref(),
            Some("catalog")
        );
        assert_eq!(reason(7, "SELECT").as_deref(), Some("here"));
        assert_eq!(reason(8, "SELECT"), None);
        std::fs::write(&path, "a.slt:7\n").unwrap();
        assert!(Exceptions::read(&path).is_err());
    }
}
