//! Results for people and programs: an aligned table as psql prints it, comma-separated values, or JSON. Streams: a table's
//! widths come from its first rows, later ones that are wider stand out.

use super::client::Column;
use std::io::{self, Write};

/// Rows a table looks at before it prints the first.
const ALIGNED_ROWS: usize = 1_000;

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// An aligned table.
    Table,
    /// Comma-separated values with a header.
    Csv,
    /// An array of objects.
    Json,
}

type Row = Vec<Option<String>>;

/// One result on its way to a writer.
pub(super) struct Printer<'a> {
    form: Form,
    columns: Vec<Column>,
    waiting: Vec<Row>,
    widths: Vec<usize>,
    row_count: u64,
    out: &'a mut dyn Write,
}

impl<'a> Printer<'a> {
    /// Begins a result.
    pub(super) fn begin(form: Form, columns: Vec<Column>, out: &'a mut dyn Write) -> io::Result<Self> {
        let mut printer = Printer {
            form,
            widths: columns.iter().map(|column| width(&column.name)).collect(),
            columns,
            waiting: Vec::new(),
            row_count: 0,
            out,
        };
        match form {
            Form::Table => {}
            Form::Csv => {
                let names: Row = printer.columns.iter().map(|column| Some(column.name.clone())).collect();
                printer.csv(&names)?;
            }
            Form::Json => printer.out.write_all(b"[")?,
        }
        Ok(printer)
    }

    /// Takes a row.
    pub(super) fn row(&mut self, row: Row) -> io::Result<()> {
        self.row_count += 1;
        match self.form {
            Form::Csv => self.csv(&row),
            Form::Json => self.json(&row),
            Form::Table if self.row_count as usize <= ALIGNED_ROWS => {
                for (known, value) in self.widths.iter_mut().zip(&row) {
                    let lines = value.as_deref().unwrap_or_default().split('\n');
                    *known = lines.map(width).chain([*known]).max().unwrap_or_default();
                }
                self.waiting.push(row);
                if self.row_count as usize == ALIGNED_ROWS {
                    self.flush_table()?;
                }
                Ok(())
            }
            Form::Table => self.table_row(&row),
        }
    }

    /// Ends the result.
    pub(super) fn end(mut self) -> io::Result<()> {
        match self.form {
            Form::Csv => Ok(()),
            Form::Json if self.row_count == 0 => writeln!(self.out, "]"),
            Form::Json => writeln!(self.out, "\n]"),
            Form::Table => {
                if (self.row_count as usize) < ALIGNED_ROWS {
                    self.flush_table()?;
                }
                let plural = if self.row_count == 1 { "" } else { "s" };
                writeln!(self.out, "({} row{plural})\n", self.row_count)
            }
        }
    }

    /// The header and the rows that waited for the widths.
    fn flush_table(&mut self) -> io::Result<()> {
        let names = self.columns.iter().zip(&self.widths).map(|(column, wide)| {
            let blanks = wide.saturating_sub(width(&column.name));
            let left = blanks / 2;
            format!(" {}{}{} ", " ".repeat(left), column.name, " ".repeat(blanks - left))
        });
        let header = names.collect::<Vec<_>>().join("|");
        let line = self
            .widths
            .iter()
            .map(|wide| "-".repeat(wide + 2))
            .collect::<Vec<_>>()
            .join("+");
        writeln!(self.out, "{}\n{line}", header.trim_end())?;
        for row in std::mem::take(&mut self.waiting) {
            self.table_row(&row)?;
        }
        Ok(())
    }

    fn table_row(&mut self, row: &Row) -> io::Result<()> {
        let last = row.len().saturating_sub(1);
        let mut line = String::new();
        for (index, ((value, column), wide)) in row.iter().zip(&self.columns).zip(&self.widths).enumerate() {
            let value = value.as_deref().unwrap_or_default();
            let blanks = " ".repeat(wide.saturating_sub(width(value)));
            let (left, right) = if is_number(column.oid) {
                (blanks.as_str(), "")
            } else {
                ("", blanks.as_str())
            };
            line.push(' ');
            line.push_str(left);
            line.push_str(value);
            if index < last {
                line.push_str(right);
                line.push_str(" |");
            }
        }
        writeln!(self.out, "{}", line.trim_end_matches(' '))
    }

    fn csv(&mut self, row: &Row) -> io::Result<()> {
        let fields: Vec<String> = row.iter().map(|value| csv_field(value.as_deref())).collect();
        writeln!(self.out, "{}", fields.join(","))
    }

    fn json(&mut self, row: &Row) -> io::Result<()> {
        let separator = if self.row_count == 1 { "" } else { "," };
        write!(self.out, "{separator}\n  {{")?;
        for (index, (value, column)) in row.iter().zip(&self.columns).enumerate() {
            let separator = if index == 0 { "" } else { ", " };
            let name = serde_json::Value::from(column.name.as_str());
            write!(
                self.out,
                "{separator}{name}: {}",
                json_value(value.as_deref(), column.oid)
            )?;
        }
        self.out.write_all(b"}")
    }
}

/// Columns a text takes on a terminal, counted in characters.
fn width(text: &str) -> usize {
    text.chars().count()
}

fn is_number(oid: u32) -> bool {
    matches!(oid, 20 | 21 | 23 | 26 | 700 | 701 | 1700)
}

/// NULL is nothing, an empty text is quoted, as COPY writes them.
fn csv_field(value: Option<&str>) -> String {
    match value {
        None => String::new(),
        Some(value) if value.is_empty() || value.contains(['"', ',', '\n', '\r']) => {
            format!("\"{}\"", value.replace('"', "\"\""))
        }
        Some(value) => value.to_owned(),
    }
}

fn json_value(value: Option<&str>, oid: u32) -> String {
    const BOOLEAN: u32 = 16;
    match value {
        None => "null".to_owned(),
        Some("t") if oid == BOOLEAN => "true".to_owned(),
        Some("f") if oid == BOOLEAN => "false".to_owned(),
        // NaN and infinities are no JSON numbers; json and jsonb are JSON already.
        Some(value)
            if (is_number(oid) || oid == 114 || oid == 3802)
                && serde_json::from_str::<serde_json::Value>(value).is_ok() =>
        {
            value.to_owned()
        }
        Some(value) => serde_json::Value::from(value).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn print(form: Form, rows: &[[Option<&str>; 2]]) -> String {
        let columns = vec![
            Column {
                name: "name".into(),
                oid: 25,
            },
            Column {
                name: "n".into(),
                oid: 20,
            },
        ];
        let mut out = Vec::new();
        let mut printer = Printer::begin(form, columns, &mut out).unwrap();
        for row in rows {
            printer
                .row(row.iter().map(|value| value.map(str::to_owned)).collect())
                .unwrap();
        }
        printer.end().unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_table_looks_like_psql() {
        let table = print(Form::Table, &[[Some("apple"), Some("1")], [None, Some("1200")]]);
        assert_eq!(
            table,
            " name  |  n\n-------+------\n apple |    1\n       | 1200\n(2 rows)\n\n"
        );
    }

    #[test]
    fn csv_quotes_what_needs_it() {
        let csv = print(Form::Csv, &[[Some("a,\"b\""), None], [Some(""), Some("2")]]);
        assert_eq!(csv, "name,n\n\"a,\"\"b\"\"\",\n\"\",2\n");
    }

    #[test]
    fn json_keeps_numbers_and_nulls() {
        let json = print(Form::Json, &[[Some("a\"b"), Some("1")], [None, Some("NaN")]]);
        assert_eq!(
            json,
            "[\n  {\"name\": \"a\\\"b\", \"n\": 1},\n  {\"name\": null, \"n\": \"NaN\"}\n]\n"
        );
        assert_eq!(print(Form::Json, &[]), "[]\n");
    }
}
