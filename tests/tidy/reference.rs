//! The reference of functions in `docs/functions.md` is what `stoa.functions` says; `UPDATE_EXPECT=1` writes it anew.

use std::fmt::Write;
use stoa_engine::config::Config;
use stoa_engine::connection::{ConnectionOptions, Outcome};
use stoa_engine::database::Database;
use stoa_engine::rows::RowBatch;
use stoa_tests::workspace_root;

const HEAD: &str = "# Functions

Made from the table `stoa.functions`, which every server has: `SELECT * FROM stoa.functions WHERE name = 'date_trunc'`.
Operators, CASE, casts and the other parts of the language that are not called like functions are not in it.
";

/// A line of `stoa.functions`.
struct Entry {
    category: String,
    name: String,
    kind: String,
    arguments: String,
    description: String,
    example: String,
    result: String,
}

fn entries() -> Vec<Entry> {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(Config::new(folder.path())).unwrap();
    let mut connection = database.connect(ConnectionOptions::default());
    let text = "SELECT category, name, kind, arguments, description, example, result FROM stoa.functions \
                ORDER BY category, name, kind, arguments";
    let parsed = connection.parse(text).unwrap();
    let prepared = connection.prepare(&parsed[0], &[]).unwrap();
    let Outcome::Rows(mut rows, _) = connection.execute(&prepared, Vec::new()).unwrap() else {
        panic!("a query gives rows");
    };
    let mut entries = Vec::new();
    while let Some(batch) = rows.next_batch().unwrap() {
        entries.extend((0..batch.row_count).map(|row| entry(&batch, row)));
    }
    entries
}

fn entry(batch: &RowBatch, row: usize) -> Entry {
    let column = |place: usize| {
        use arrow_array::Array;
        let column = batch.columns[place].as_any();
        let column = column.downcast_ref::<arrow_array::StringViewArray>().unwrap();
        if column.is_null(row) {
            return String::new();
        }
        column.value(row).to_owned()
    };
    Entry {
        category: column(0),
        name: column(1),
        kind: column(2),
        arguments: column(3),
        description: column(4),
        example: column(5),
        result: column(6),
    }
}

/// Text in a table's cell.
fn cell(text: &str) -> String {
    text.replace('\\', "\\\\").replace('|', "\\|").replace('\n', " ")
}

fn code(text: &str) -> String {
    match text.is_empty() {
        true => String::new(),
        false => format!("`{}`", text.replace('|', "\\|").replace('\n', " ")),
    }
}

fn reference(entries: &[Entry]) -> String {
    let mut page = HEAD.to_owned();
    let mut category = "";
    let mut at = 0;
    while let Some(first) = entries.get(at) {
        if first.category != category {
            category = &first.category;
            let _ = write!(
                page,
                "\n## {category}\n\n| function | takes | what it gives | example | |\n|---|---|---|---|---|\n"
            );
        }
        let same =
            |other: &&Entry| (&other.category, &other.name, &other.kind) == (&first.category, &first.name, &first.kind);
        let overloads: Vec<&Entry> = entries[at..].iter().take_while(same).collect();
        let takes: Vec<String> = overloads
            .iter()
            .map(|entry| code(&format!("({})", entry.arguments)))
            .collect();
        let kind = match first.kind.as_str() {
            "scalar" => String::new(),
            kind => format!(" *({kind})*"),
        };
        let _ = writeln!(
            page,
            "| {}{kind} | {} | {} | {} | {} |",
            code(&first.name),
            takes.join(" "),
            cell(&first.description),
            code(&first.example),
            code(&first.result),
        );
        at += overloads.len();
    }
    page
}

#[test]
fn the_reference_of_functions_is_that_of_the_server() {
    let page = reference(&entries());
    let path = workspace_root().join("docs/functions.md");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, page).unwrap();
        return;
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page,
        "docs/functions.md is not what stoa.functions says: write it with UPDATE_EXPECT=1 cargo test -p stoa-tests --test tidy"
    );
}
