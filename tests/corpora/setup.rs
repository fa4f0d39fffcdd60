//! Puts DataFusion's ways of making tables into PostgreSQL's words: columns with types before AS, its names of types, and CSV files as
//! tables. Queries are never touched. What it does not know it leaves as it is.

use std::path::Path;

/// The statement as PostgreSQL has it, or `None` where there is nothing to do. `data` is the folder that relative places of files
/// are looked up in.
pub(crate) fn postgres(sql: &str, data: Option<&Path>) -> Option<String> {
    let statement = sql.trim().trim_end_matches(';');
    let mut rest = statement;
    take(&mut rest, "create").then_some(())?;
    let replaces = take(&mut rest, "or") && take(&mut rest, "replace");
    take(&mut rest, "unbounded");
    let is_external = take(&mut rest, "external");
    take(&mut rest, "table").then_some(())?;
    let unless_exists = take(&mut rest, "if") && take(&mut rest, "not") && take(&mut rest, "exists");
    let name_end = rest.find(|character: char| character.is_whitespace() || character == '(')?;
    let (name, rest) = rest.split_at(name_end);
    let rest = rest.trim_start();
    let drop = if replaces {
        format!("DROP TABLE IF EXISTS {name}; ")
    } else {
        String::new()
    };
    let condition = if unless_exists { "IF NOT EXISTS " } else { "" };
    let Some((columns, tail)) = rest.strip_prefix('(').and_then(parenthesized) else {
        return replaces.then(|| format!("{drop}CREATE TABLE {name} {rest}"));
    };
    let columns: Vec<String> = split(columns).iter().map(|column| column_definition(column)).collect();
    let create = format!("{drop}CREATE TABLE {condition}{name} ({})", columns.join(", "));
    let mut query = tail.trim_start();
    if is_external {
        let values = csv_values(tail, data?)?;
        return Some(format!("{create}; INSERT INTO {name} VALUES {values}"));
    }
    match take(&mut query, "as") {
        true => Some(format!("{create}; INSERT INTO {name} {query}")),
        false => Some(format!("{create} {query}")),
    }
}

/// Takes a word off the front.
fn take(rest: &mut &str, word: &str) -> bool {
    let Some(start) = rest.get(..word.len()) else {
        return false;
    };
    let after = rest[word.len()..].chars().next();
    let is_there =
        start.eq_ignore_ascii_case(word) && after.is_none_or(|after| !after.is_alphanumeric() && after != '_');
    if is_there {
        *rest = rest[word.len()..].trim_start();
    }
    is_there
}

/// What is in front of the closing parenthesis, and what is behind it.
fn parenthesized(text: &str) -> Option<(&str, &str)> {
    let mut depth = 1;
    let mut quote = None;
    for (at, character) in text.char_indices() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(character),
            (None, '(') => depth += 1,
            (None, ')') => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some((&text[..at], &text[at + 1..]));
        }
    }
    None
}

/// The parts between commas outside parentheses.
fn split(text: &str) -> Vec<&str> {
    let (mut depth, mut start, mut parts) = (0, 0, Vec::new());
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(text[start..].trim());
    parts.retain(|part| !part.is_empty());
    parts
}

fn column_definition(column: &str) -> String {
    let without_comments = column.lines().map(|line| line.split("--").next().unwrap_or_default());
    let column = without_comments.collect::<Vec<_>>().join(" ");
    let Some((name, mut rest)) = column.trim().split_once(char::is_whitespace) else {
        return column;
    };
    rest = rest.trim_start();
    for (words, data_type) in [
        (["tinyint", "unsigned"].as_slice(), "smallint"),
        (&["smallint", "unsigned"], "integer"),
        (&["integer", "unsigned"], "bigint"),
        (&["int", "unsigned"], "bigint"),
        (&["bigint", "unsigned"], "numeric(20)"),
        (&["double", "precision"], "double precision"),
        (&["double"], "double precision"),
        (&["tinyint"], "smallint"),
        (&["string"], "text"),
        (&["datetime"], "timestamp"),
    ] {
        let mut after = rest;
        if words.iter().all(|word| take(&mut after, word)) {
            return format!("{name} {data_type} {after}");
        }
    }
    format!("{name} {rest}")
}

/// The rows of a CSV file as constants.
fn csv_values(tail: &str, data: &Path) -> Option<String> {
    let lower = tail.to_lowercase();
    let is_csv = lower.contains("stored as csv");
    let has_header = !lower.replace(' ', "").contains("'format.has_header''false'");
    let has_other_form = [
        "delimiter",
        "compression",
        "quote",
        "escape",
        "null_regex",
        "partitioned",
    ]
    .iter()
    .any(|option| lower.contains(option));
    let place = tail[lower.find("location")?..].split('\'').nth(1)?;
    if !is_csv || has_other_form {
        return None;
    }
    let text = std::fs::read_to_string(data.join(place.trim_start_matches("../"))).ok()?;
    let rows = text
        .lines()
        .skip(usize::from(has_header))
        .filter(|line| !line.is_empty());
    let rows: Vec<String> = rows
        .map(|line| {
            let values = fields(line).into_iter().map(|field| match field {
                Some(text) => format!("'{}'", text.replace('\'', "''")),
                None => "NULL".into(),
            });
            format!("({})", values.collect::<Vec<_>>().join(", "))
        })
        .collect();
    (!rows.is_empty()).then(|| rows.join(", "))
}

/// The fields of a line; an empty one without quotes is NULL.
fn fields(line: &str) -> Vec<Option<String>> {
    let mut fields = Vec::new();
    let (mut field, mut is_quoted, mut was_quoted) = (String::new(), false, false);
    let mut characters = line.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if is_quoted && characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            '"' => (is_quoted, was_quoted) = (!is_quoted, true),
            ',' if !is_quoted => {
                let text = std::mem::take(&mut field);
                fields.push((was_quoted || !text.is_empty()).then_some(text));
                was_quoted = false;
            }
            _ => field.push(character),
        }
    }
    fields.push((was_quoted || !field.is_empty()).then_some(field));
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_made_as_in_postgres() {
        for (theirs, ours) in [
            (
                "CREATE TABLE t(a INT UNSIGNED, b Double not null, c decimal(5, 2),)\nAS VALUES (1, 2, ')')",
                "CREATE TABLE t (a bigint , b double precision not null, c decimal(5, 2)); INSERT INTO t VALUES (1, 2, ')')",
            ),
            (
                "create or replace table t as values (1);",
                "DROP TABLE IF EXISTS t; CREATE TABLE t as values (1)",
            ),
            (
                "CREATE TABLE IF NOT EXISTS t (a TINYINT)",
                "CREATE TABLE IF NOT EXISTS t (a smallint ) ",
            ),
        ] {
            assert_eq!(postgres(theirs, None).as_deref(), Some(ours));
        }
        assert_eq!(postgres("CREATE TABLE t AS SELECT 1", None), None);
        assert_eq!(postgres("SELECT 1", None), None);
    }

    #[test]
    fn files_become_rows() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.csv"), "x,y\n1,it's\n,\"a, \"\"b\"\"\"\n").unwrap();
        let sql = "CREATE EXTERNAL TABLE t (x INT, y VARCHAR) STORED AS CSV LOCATION '../../a.csv' OPTIONS ('format.has_header' 'true');";
        assert_eq!(
            postgres(sql, Some(folder.path())).as_deref(),
            Some("CREATE TABLE t (x INT, y VARCHAR); INSERT INTO t VALUES ('1', 'it''s'), (NULL, 'a, \"b\"')")
        );
        assert_eq!(postgres(sql, None), None);
    }
}
