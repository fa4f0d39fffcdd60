//! What a real PostgreSQL says to the records of a corpus, recorded with `--oracle` and read by every run.
//!
//! ```text
//! [cast.slt]
//! refused 42704 type "tinyint" does not exist @ 14 22
//! done 3 9
//! answers 30=5f0c11aa 35!00c0ffee
//! ```
//! Numbers are lines. PostgreSQL does not take the first, has no rows to give for the second, and answers the third: `=` as the corpus
//! expects, `!` otherwise; behind it a digest of the answer. `[a.slt b.part]` are the records of `b.part` that `a.slt` includes.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;
use std::path::Path;

/// Lines of the list are broken after so many entries.
const ENTRIES_PER_LINE: usize = 16;

/// What PostgreSQL says to a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// Rows with this digest; whether they are what the corpus expects.
    Answer { digest: u32, agrees: bool },
    /// Success without rows.
    Done,
    /// SQLSTATE and message.
    Refused(String),
}

/// The records' verdicts by file (and included file) and line.
#[derive(Debug, Default)]
pub(crate) struct Verdicts(HashMap<(String, u32), Verdict>);

impl Verdicts {
    /// Those of a list; none where there is no list.
    ///
    /// # Errors
    /// A line that is not as above.
    pub(crate) fn read(path: &Path) -> Result<Self, String> {
        match std::fs::read_to_string(path) {
            Ok(text) => Verdicts::parse(&text).map_err(|problem| format!("{}: {problem}", path.display())),
            Err(_) => Ok(Verdicts::default()),
        }
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut verdicts = Verdicts::default();
        let mut section = String::new();
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            let problem = || format!("not understood: {line}");
            if let Some(name) = line.strip_prefix('[') {
                section = name.trim_end_matches(']').to_owned();
            } else if let Some(entries) = line.strip_prefix("answers ") {
                for entry in entries.split(' ') {
                    let (number, digest) = entry.split_once(['=', '!']).ok_or_else(problem)?;
                    let verdict = Verdict::Answer {
                        digest: u32::from_str_radix(digest, 16).map_err(|_| problem())?,
                        agrees: entry.contains('='),
                    };
                    verdicts.insert(&section, number.parse().map_err(|_| problem())?, verdict);
                }
            } else {
                let (verdict, numbers) = match line.strip_prefix("refused ") {
                    Some(rest) => {
                        let (reason, numbers) = rest.rsplit_once(" @ ").ok_or_else(problem)?;
                        (Verdict::Refused(reason.into()), numbers)
                    }
                    None => (Verdict::Done, line.strip_prefix("done ").ok_or_else(problem)?),
                };
                for number in numbers.split(' ') {
                    verdicts.insert(&section, number.parse().map_err(|_| problem())?, verdict.clone());
                }
            }
        }
        Ok(verdicts)
    }

    pub(crate) fn get(&self, section: &str, line: u32) -> Option<&Verdict> {
        self.0.get(&(section.to_owned(), line))
    }

    pub(crate) fn insert(&mut self, section: &str, line: u32, verdict: Verdict) {
        self.0.insert((section.to_owned(), line), verdict);
    }

    pub(crate) fn write(&self, path: &Path) -> Result<(), String> {
        std::fs::write(path, self.text()).map_err(|error| format!("{}: {error}", path.display()))
    }

    fn text(&self) -> String {
        let mut sections: BTreeMap<&str, BTreeMap<String, BTreeMap<u32, String>>> = BTreeMap::new();
        for ((section, line), verdict) in &self.0 {
            let (kind, entry) = match verdict {
                Verdict::Answer { digest, agrees } => {
                    let sign = if *agrees { '=' } else { '!' };
                    ("answers".to_owned(), format!("{line}{sign}{digest:08x}"))
                }
                Verdict::Done => ("done".to_owned(), line.to_string()),
                Verdict::Refused(reason) => (format!("refused {reason} @"), line.to_string()),
            };
            let kinds = sections.entry(section).or_default();
            kinds.entry(kind).or_default().insert(*line, entry);
        }
        let mut text =
            String::from("# Recorded from PostgreSQL 15 (run.sh CORPUS --oracle ..); verdicts.rs explains the form.\n");
        for (section, kinds) in sections {
            let _ = writeln!(text, "[{section}]");
            for (kind, entries) in kinds {
                let entries: Vec<String> = entries.into_values().collect();
                for chunk in entries.chunks(ENTRIES_PER_LINE) {
                    let _ = writeln!(text, "{kind} {}", chunk.join(" "));
                }
            }
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut verdicts = Verdicts::default();
        verdicts.insert("a.slt", 3, Verdict::Done);
        verdicts.insert(
            "a.slt",
            20,
            Verdict::Refused("42601 syntax error at or near \"@\"".into()),
        );
        verdicts.insert(
            "a.slt",
            100,
            Verdict::Refused("42601 syntax error at or near \"@\"".into()),
        );
        for line in 1..40 {
            let agrees = line != 7;
            verdicts.insert("a.slt b.part", line, Verdict::Answer { digest: line, agrees });
        }
        let text = verdicts.text();
        assert!(text.contains("\nrefused 42601 syntax error at or near \"@\" @ 20 100\n"));
        let read = Verdicts::parse(&text).unwrap();
        assert_eq!(read.0, verdicts.0);
        assert!(Verdicts::parse("[a]\nnothing 3").is_err());
    }
}
