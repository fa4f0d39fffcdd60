//! `stoa sql`: statements from the command line, files or standard input, to a data directory or a server.

use super::arguments::SqlOptions;
use super::client::{Client, ClientError, Event, ServerReport};
use super::embedded::{Embedded, config};
use super::output::{Form, Printer};
use super::url::Target;
use super::{CommandError, Result};
use std::io::{self, BufWriter, IsTerminal, Read, Write};

/// Runs the command.
pub(super) fn run(options: &SqlOptions) -> Result<()> {
    let texts = texts(options)?;
    match Target::of(&options.target)? {
        Target::Server(url) => {
            let place = format!("{}:{}", url.host, url.port);
            let client = Client::connect(&url).map_err(|error| {
                CommandError::failed(format!(
                    "could not connect to {place}: {}; is \"stoa serve\" running there",
                    bare(&error)
                ))
            })?;
            converse(client, options, &texts)
        }
        Target::Folder(folder) => {
            let embedded = Embedded::open(config(&folder, &options.target.resources))?;
            let socket = embedded
                .connect()
                .map_err(|error| CommandError::failed(error.to_string()))?;
            let result = Client::local(socket)
                .map_err(|error| CommandError::failed(error.to_string()))
                .and_then(|client| converse(client, options, &texts));
            embedded.close().and(result)
        }
    }
}

fn bare(error: &ClientError) -> String {
    match error {
        ClientError::Io(error) => error.to_string(),
        error => error.to_string(),
    }
}

/// What is to be run; nothing where it will be typed in.
fn texts(options: &SqlOptions) -> Result<Vec<String>> {
    let mut texts = options.command.clone();
    for file in &options.file {
        let text = std::fs::read_to_string(file)
            .map_err(|error| CommandError::failed(format!("could not read \"{}\": {error}", file.display())))?;
        texts.push(text);
    }
    if texts.is_empty() && !io::stdin().is_terminal() {
        let mut text = String::new();
        io::stdin()
            .read_to_string(&mut text)
            .map_err(|error| CommandError::failed(format!("could not read standard input: {error}")))?;
        texts.push(text);
    }
    Ok(texts)
}

fn converse(mut client: Client, options: &SqlOptions, texts: &[String]) -> Result<()> {
    let form = match (options.csv, options.json) {
        (true, _) => Form::Csv,
        (_, true) => Form::Json,
        _ => Form::Table,
    };
    if texts.is_empty() {
        return type_in(&mut client, form);
    }
    for text in texts {
        if !run_text(&mut client, text, form)? {
            return Err(CommandError::Told);
        }
    }
    Ok(())
}

/// Reads statements from the terminal until its end or `\q`.
fn type_in(client: &mut Client, form: Form) -> Result<()> {
    let mut text = String::new();
    eprintln!("Type statements, each ended by a semicolon; \\q or Ctrl-D ends.");
    loop {
        eprint!("{}", if text.is_empty() { "stoa=> " } else { "stoa-> " });
        let mut line = String::new();
        let count = io::stdin()
            .read_line(&mut line)
            .map_err(|error| CommandError::failed(error.to_string()))?;
        if count == 0 || (text.is_empty() && matches!(line.trim(), "\\q" | "quit" | "exit")) {
            return Ok(());
        }
        text.push_str(&line);
        if text.trim().is_empty() {
            text.clear();
        } else if line.trim_end().ends_with(';') {
            run_text(client, &text, form)?;
            text.clear();
        }
    }
}

/// Runs a text and prints what comes of it; false where it failed.
fn run_text(client: &mut Client, text: &str, form: Form) -> Result<bool> {
    let mut out = BufWriter::with_capacity(64 << 10, io::stdout().lock());
    match print_results(client, text, form, &mut out) {
        Ok(is_good) => Ok(is_good),
        // Whoever read the output has seen enough.
        Err(ClientError::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => Err(CommandError::Told),
        Err(error) => Err(CommandError::failed(error.to_string())),
    }
}

fn print_results(client: &mut Client, text: &str, form: Form, out: &mut dyn Write) -> Result<bool, ClientError> {
    client.query(text)?;
    let mut is_good = true;
    loop {
        match client.next()? {
            Event::Columns(columns) => is_good &= print_rows(client, text, Printer::begin(form, columns, out)?)?,
            Event::Complete(tag) if form == Form::Table && !tag.is_empty() => writeln!(out, "{tag}")?,
            Event::Complete(_) | Event::Row(_) => {}
            Event::CopyIn => client.copy_from(&mut io::stdin().lock())?,
            Event::CopyData(bytes) => out.write_all(&bytes)?,
            Event::Notice(report) => tell(&report, text),
            Event::Error(report) => {
                is_good = false;
                tell(&report, text);
            }
            Event::Ready => {
                out.flush()?;
                return Ok(is_good);
            }
        }
    }
}

/// Prints one result's rows; false where it failed on the way.
fn print_rows(client: &mut Client, text: &str, mut printer: Printer<'_>) -> Result<bool, ClientError> {
    loop {
        match client.next()? {
            Event::Row(row) => printer.row(row)?,
            Event::Notice(report) => tell(&report, text),
            Event::Error(report) => {
                tell(&report, text);
                return Ok(false);
            }
            _ => {
                printer.end()?;
                return Ok(true);
            }
        }
    }
}

/// Prints an error or a notice with the line of the statement it points at.
fn tell(report: &ServerReport, text: &str) {
    eprintln!("{}:  {}", report.severity, report.message);
    if let Some((number, line, column)) = report.position.and_then(|position| place(text, position)) {
        let prefix = format!("LINE {number}: ");
        eprintln!("{prefix}{line}\n{}^", " ".repeat(prefix.len() + column));
    }
    if let Some(detail) = &report.detail {
        eprintln!("DETAIL:  {detail}");
    }
    if let Some(hint) = &report.hint {
        eprintln!("HINT:  {hint}");
    }
    if let Some(context) = &report.context {
        eprintln!("CONTEXT:  {context}");
    }
}

/// The line's number, the line, and the column in it of a position in characters from 1.
fn place(text: &str, position: usize) -> Option<(usize, &str, usize)> {
    let mut left = position.checked_sub(1)?;
    for (index, line) in text.split('\n').enumerate() {
        let length = line.chars().count();
        if left <= length {
            return Some((index + 1, line.trim_end_matches('\r'), left));
        }
        left -= length + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_is_a_line_and_a_column() {
        let text = "select 1,\n  ä, wrong\nfrom t";
        assert_eq!(place(text, 1), Some((1, "select 1,", 0)));
        assert_eq!(place(text, 16), Some((2, "  ä, wrong", 5)));
        assert_eq!(place(text, 500), None);
        assert_eq!(place(text, 0), None);
    }
}
