//! Reads sqllogictest files of every dialect: SQLite's (one value a line, comments behind conditions, `halt`) and DataFusion's (one row
//! a line, errors of several lines, includes). Runs nothing.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;

/// What the corpora call a PostgreSQL.
const LABELS: [&str; 2] = ["postgresql", "postgres"];

/// How results are put in order before they are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sort {
    None,
    Rows,
    Values,
}

/// What a record expects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expected {
    /// A statement succeeds.
    Success,
    /// It fails.
    Error,
    /// A query gives these lines.
    Lines {
        types: String,
        sort: Sort,
        lines: Vec<String>,
    },
}

/// A statement or query of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    /// The file's name in the corpus.
    pub(crate) file: Arc<str>,
    pub(crate) line: u32,
    pub(crate) sql: String,
    pub(crate) expected: Expected,
}

impl Record {
    pub(crate) fn is_query(&self) -> bool {
        matches!(self.expected, Expected::Lines { .. })
    }
}

struct Lines<'a> {
    rest: std::iter::Enumerate<std::str::Lines<'a>>,
    number: u32,
    /// SQLite's comments may stand anywhere.
    skips_comments: bool,
}

impl<'a> Lines<'a> {
    fn next(&mut self) -> Option<&'a str> {
        loop {
            let (at, line) = self.rest.next()?;
            self.number = at as u32 + 1;
            if !(self.skips_comments && line.starts_with('#')) {
                return Some(line.trim_end_matches('\r'));
            }
        }
    }

    /// Up to an empty line or `----`; whether it was the latter.
    fn sql(&mut self) -> (String, bool) {
        let mut sql = Vec::new();
        while let Some(line) = self.next() {
            match line.trim_end() {
                "" => break,
                "----" => return (sql.join("\n"), true),
                _ => sql.push(line),
            }
        }
        (sql.join("\n"), false)
    }

    fn results(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(line) = self.next().filter(|line| !line.is_empty()) {
            lines.push(line.to_owned());
        }
        lines
    }

    /// The message of an error ends with two empty lines.
    fn skip_message(&mut self) {
        let mut empty = 0;
        while let Some(line) = self.next() {
            empty = if line.is_empty() { empty + 1 } else { 0 };
            if empty == 2 {
                break;
            }
        }
    }
}

/// The records that are meant for a PostgreSQL, those of included files in their place. `name` is the file's in the corpus.
///
/// # Errors
/// A file that cannot be read.
pub(crate) fn read(path: &Path, name: &str, skips_comments: bool) -> Result<Vec<Record>, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let text = String::from_utf8_lossy(&bytes);
    let file: Arc<str> = name.into();
    let mut lines = Lines {
        rest: text.lines().enumerate(),
        number: 0,
        skips_comments,
    };
    let mut records = Vec::new();
    let mut is_meant = true;
    let mut default_sort = Sort::None;
    while let Some(line) = lines.next() {
        let mut words: VecDeque<&str> = line.split_whitespace().collect();
        let Some(word) = words.pop_front().filter(|word| !word.starts_with('#')) else {
            continue;
        };
        let at = lines.number;
        match word {
            "skipif" | "onlyif" => {
                let label = words.pop_front().unwrap_or_default().to_lowercase();
                is_meant &= LABELS.contains(&&*label) == (word == "onlyif");
                continue;
            }
            "halt" if is_meant => break,
            "include" if is_meant => {
                let other = words.pop_front().unwrap_or_default();
                records.extend(included(path, name, other, skips_comments)?);
            }
            "control" => {
                if words.pop_front() == Some("sortmode") {
                    default_sort = words.pop_front().and_then(sort).unwrap_or(Sort::None);
                }
            }
            "system" | "let" => {
                lines.sql();
            }
            "halt" | "include" | "hash-threshold" | "subtest" | "sleep" => {}
            "connection" => continue,
            "statement" | "query" => {
                let expected = expected(word == "query", words, default_sort);
                let record = record(&mut lines, file.clone(), at, expected);
                if is_meant {
                    records.push(record);
                }
            }
            // Text that an empty line has cut off the record before it.
            _ => {
                lines.sql();
            }
        }
        is_meant = true;
    }
    Ok(records)
}

fn expected(is_query: bool, mut words: VecDeque<&str>, default_sort: Sort) -> Expected {
    match words.pop_front() {
        Some("error") => Expected::Error,
        types if is_query => Expected::Lines {
            types: types.unwrap_or_default().to_owned(),
            sort: words.pop_front().and_then(sort).unwrap_or(default_sort),
            lines: Vec::new(),
        },
        _ => Expected::Success,
    }
}

fn record(lines: &mut Lines<'_>, file: Arc<str>, line: u32, mut expected: Expected) -> Record {
    let (sql, has_results) = lines.sql();
    if has_results {
        match &mut expected {
            Expected::Lines { lines: results, .. } => *results = lines.results(),
            _ => lines.skip_message(),
        }
    }
    Record {
        file,
        line,
        sql,
        expected,
    }
}

fn sort(word: &str) -> Option<Sort> {
    match word {
        "nosort" => Some(Sort::None),
        "rowsort" => Some(Sort::Rows),
        "valuesort" => Some(Sort::Values),
        _ => None,
    }
}

/// The records of another file, or of all that a name with one `*` stands for.
fn included(path: &Path, name: &str, other: &str, skips_comments: bool) -> Result<Vec<Record>, String> {
    let other = Path::new(other.trim_start_matches("./"));
    let folder = |path: &Path| path.parent().unwrap_or(Path::new("")).to_owned();
    let here = folder(path).join(folder(other));
    let wanted = other.file_name().unwrap_or_default().to_string_lossy();
    let names = match wanted.split_once('*') {
        None => vec![wanted.clone().into_owned()],
        Some((start, end)) => {
            let entries = std::fs::read_dir(&here).into_iter().flatten().flatten();
            let names = entries.map(|entry| entry.file_name().to_string_lossy().into_owned());
            let mut names: Vec<String> = names
                .filter(|name| name.starts_with(start) && name.ends_with(end))
                .collect();
            names.sort();
            names
        }
    };
    let mut records = Vec::new();
    for file in names {
        let shown = folder(Path::new(name)).join(folder(other)).join(&file);
        records.extend(read(&here.join(&file), &shown.to_string_lossy(), skips_comments)?);
    }
    Ok(records)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str, skips_comments: bool) -> Result<Vec<Record>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.test");
        std::fs::write(&path, text).unwrap();
        read(&path, "a.test", skips_comments)
    }

    #[test]
    fn conditions_choose_records() {
        let text = "hash-threshold 8\n\nskipif postgresql # why\nquery I rowsort\nSELECT 1\n----\n1\n\nonlyif mysql # DIV\nquery I\n\
                    SELECT 2\n----\n2\n\nskipif mysql\nquery IR rowsort label-0\nSELECT\n3\n----\n3\n4.000\n\nonlyif sqlite\nhalt\n\n\
                    statement error\nSELECT\n\nskipif sqlite\nhalt\n\nstatement ok\nSELECT 1\n";
        let records = parsed(text, true).unwrap();
        assert_eq!(records.len(), 2);
        assert_eq!((records[0].line, records[0].sql.as_str()), (16, "SELECT\n3"));
        assert_eq!(
            records[0].expected,
            Expected::Lines {
                types: "IR".into(),
                sort: Sort::Rows,
                lines: vec!["3".into(), "4.000".into()],
            }
        );
        assert_eq!(records[1].expected, Expected::Error);
    }

    #[test]
    fn errors_may_have_several_lines() {
        let text = "query error\nSELECT x\n----\nDataFusion error:\n\nmore\n\n\nquery error DataFusion error: no\nSELECT y\n\n\n# comment\nquery T\n\
                    SELECT '#'\n----\n#\n";
        let records = parsed(text, false).unwrap();
        assert_eq!(records.len(), 3);
        assert_eq!(records[1].expected, Expected::Error);
        assert!(matches!(&records[2].expected, Expected::Lines { lines, .. } if *lines == ["#"]));
    }

    #[test]
    fn other_files_are_included() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        write("a.slt", "include ./q*.part\n\nstatement ok\nSELECT 3\n");
        write("q1.part", "statement ok\nSELECT 1\n");
        write("q2.part", "stray\ntext\n\nstatement ok\nSELECT 2\n");
        let records = read(&folder.path().join("a.slt"), "x/a.slt", false).unwrap();
        let shown: Vec<_> = records
            .iter()
            .map(|record| format!("{}:{}", record.file, record.line))
            .collect();
        assert_eq!(shown, ["x/q1.part:1", "x/q2.part:4", "x/a.slt:3"]);
    }
}
