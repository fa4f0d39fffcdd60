//! COPY: table, columns, and options with the defaults Postgres has for each format.

use super::bind_insert::shown_columns;
use super::name::fold;
use super::{Binder, not_supported};
use crate::catalog::RelationInfo;
use crate::error::{Error, Result, SqlState};
use crate::parse::syntax::{CopyEnd, CopyOptionSyntax, CopyOptionValue, CopyRelation, CopySyntax};
use crate::plan::{Copy, CopyDirection, CopyFormat, CopyOptions, CopySource, CopyTarget, Plan, Query};
use sqlparser::ast;
use std::sync::Arc;

/// Options as given, before defaults.
#[derive(Default)]
struct Given {
    format: Option<CopyFormat>,
    header: Option<Header>,
    delimiter: Option<u8>,
    null: Option<String>,
    quote: Option<u8>,
    escape: Option<u8>,
    force_quote: Option<Option<Vec<String>>>,
}

/// What is said of a first line of names.
#[derive(Clone, Copy, PartialEq)]
enum Header {
    Absent,
    Present,
    Match,
}

impl Binder<'_> {
    /// `COPY ..`
    pub(super) fn bind_copy(&mut self, copy: &CopySyntax) -> Result<Copy> {
        let mut given = Given::default();
        for option in &copy.options {
            read_option(option, &mut given).map_err(|error| error.at(self.parser_span(option.span)))?;
        }
        if given.format.is_none() {
            given.format = format_of_file(&copy.direction);
        }
        let (direction, column_names) = match (&copy.relation, &copy.direction) {
            (CopyRelation::Table { name, columns }, CopyEnd::From(source)) => {
                self.bind_copy_from(name, columns, source)?
            }
            (CopyRelation::Query(_), CopyEnd::From(_)) => {
                return Err(Error::new(
                    SqlState::SYNTAX_ERROR,
                    "COPY FROM needs a table, not a query",
                ));
            }
            (CopyRelation::Table { name, columns }, CopyEnd::To(target)) => {
                let query = self.copied_table(name, columns)?;
                let names = query.names.clone();
                (copy_to(query, target), names)
            }
            (CopyRelation::Query(query), CopyEnd::To(target)) => {
                let query = self.bind_query_statement(query)?;
                let names = query.names.clone();
                (copy_to(query, target), names)
            }
        };
        if given.header == Some(Header::Match) && matches!(direction, CopyDirection::To { .. }) {
            return Err(Error::new(
                SqlState::FEATURE_NOT_SUPPORTED,
                "cannot use \"match\" with HEADER in COPY TO",
            ));
        }
        let options = complete(given, &column_names)?;
        Ok(Copy { direction, options })
    }

    fn bind_copy_from(
        &mut self,
        name: &ast::ObjectName,
        columns: &[ast::Ident],
        source: &CopySource,
    ) -> Result<(CopyDirection, Vec<String>)> {
        let relation = self.stored_table(name)?;
        let columns = self.copied_columns(&relation, columns)?;
        let defaults = self.defaults_beside(&relation, &columns)?;
        let names = columns
            .iter()
            .filter_map(|index| relation.columns.get(*index))
            .map(|column| column.name.clone())
            .collect();
        let direction = CopyDirection::From {
            table: relation.id,
            name: relation.name.clone(),
            columns,
            defaults,
            source: source.clone(),
        };
        Ok((direction, names))
    }

    fn copied_columns(&self, relation: &RelationInfo, columns: &[ast::Ident]) -> Result<Vec<usize>> {
        if columns.is_empty() {
            return Ok(shown_columns(relation).map(|(index, _)| index).collect());
        }
        let mut indexes = Vec::with_capacity(columns.len());
        for column in columns {
            let name = fold(column);
            let index = self
                .column_index(relation, &name)
                .map_err(|error| error.at(self.span(column)))?;
            if indexes.contains(&index) {
                return Err(Error::new(
                    SqlState::DUPLICATE_COLUMN,
                    format!("column \"{name}\" specified more than once"),
                )
                .at(self.span(column)));
            }
            indexes.push(index);
        }
        Ok(indexes)
    }

    /// `COPY table (columns) TO` as a query.
    fn copied_table(&mut self, name: &ast::ObjectName, columns: &[ast::Ident]) -> Result<Query> {
        let relation = self.stored_table(name)?;
        let indexes = self.copied_columns(&relation, columns)?;
        let (scan, scanned) = self.scan(&relation, None);
        let chosen: Vec<_> = indexes
            .iter()
            .filter_map(|index| scanned.get(*index))
            .map(|column| column.column.clone())
            .collect();
        let names = chosen.iter().map(|column| column.name.clone()).collect();
        Ok(Query {
            plan: Arc::new(Plan::Scan(scan).with_columns(&chosen)),
            names,
        })
    }
}

fn copy_to(query: Query, target: &CopyTarget) -> CopyDirection {
    CopyDirection::To {
        query,
        target: target.clone(),
    }
}

/// Without a FORMAT, a file's ending tells what is no text of Postgres's.
fn format_of_file(direction: &CopyEnd) -> Option<CopyFormat> {
    let (CopyEnd::From(CopySource::File(path)) | CopyEnd::To(CopyTarget::File(path))) = direction else {
        return None;
    };
    let path = path.to_lowercase();
    let path = path.trim_end_matches(".gz").trim_end_matches(".zst");
    match path.rsplit_once('.')?.1 {
        "parquet" => Some(CopyFormat::Parquet),
        "csv" => Some(CopyFormat::Csv),
        "json" | "ndjson" | "jsonl" => Some(CopyFormat::Json),
        _ => None,
    }
}

fn invalid(message: impl Into<String>) -> Error {
    Error::new(SqlState::INVALID_PARAMETER_VALUE, message)
}

fn text(option: &CopyOptionSyntax) -> Result<&str> {
    match &option.value {
        CopyOptionValue::Text(text) => Ok(text),
        _ => Err(Error::new(
            SqlState::SYNTAX_ERROR,
            format!("COPY option \"{}\" needs a value", option.name),
        )),
    }
}

fn boolean(option: &CopyOptionSyntax) -> Result<bool> {
    match &option.value {
        CopyOptionValue::None => Ok(true),
        CopyOptionValue::Text(text) => match text.to_lowercase().as_str() {
            "true" | "on" | "1" => Ok(true),
            "false" | "off" | "0" => Ok(false),
            _ => Err(Error::new(
                SqlState::SYNTAX_ERROR,
                format!("{} requires a Boolean value", option.name),
            )),
        },
        _ => Err(Error::new(
            SqlState::SYNTAX_ERROR,
            format!("{} requires a Boolean value", option.name),
        )),
    }
}

fn byte(option: &CopyOptionSyntax) -> Result<u8> {
    match text(option)?.as_bytes() {
        [byte] => Ok(*byte),
        // The text `\t` as typed without E''.
        [b'\\', b't'] => Ok(b'\t'),
        _ => Err(not_supported(format!(
            "COPY {} of more than a single one-byte character",
            option.name
        ))),
    }
}

fn read_option(option: &CopyOptionSyntax, given: &mut Given) -> Result<()> {
    fn set<T>(slot: &mut Option<T>, value: T) -> Result<()> {
        match slot.replace(value) {
            None => Ok(()),
            Some(_) => Err(Error::new(SqlState::SYNTAX_ERROR, "conflicting or redundant options")),
        }
    }
    match option.name.as_str() {
        "format" => set(&mut given.format, format_named(text(option)?)?),
        "header" => match &option.value {
            CopyOptionValue::Text(text) if text.eq_ignore_ascii_case("match") => set(&mut given.header, Header::Match),
            _ => match boolean(option)? {
                true => set(&mut given.header, Header::Present),
                false => set(&mut given.header, Header::Absent),
            },
        },
        "delimiter" => set(&mut given.delimiter, byte(option)?),
        "null" => set(&mut given.null, text(option)?.to_owned()),
        "quote" => set(&mut given.quote, byte(option)?),
        "escape" => set(&mut given.escape, byte(option)?),
        "force_quote" => match &option.value {
            CopyOptionValue::AllColumns => set(&mut given.force_quote, None),
            CopyOptionValue::Columns(columns) => set(&mut given.force_quote, Some(columns.iter().map(fold).collect())),
            _ => Err(Error::new(
                SqlState::SYNTAX_ERROR,
                "argument to option \"force_quote\" must be a list of column names",
            )),
        },
        "encoding" => match text(option)?.to_lowercase().replace(['-', '_'], "").as_str() {
            "utf8" | "unicode" | "sqlascii" => Ok(()),
            other => Err(not_supported(format!("COPY encoding {other}"))),
        },
        // Says that nobody else sees the table yet; rows are visible at commit anyway.
        "freeze" => boolean(option).map(|_| ()),
        "on_error" if text(option)?.eq_ignore_ascii_case("stop") => Ok(()),
        "log_verbosity" => text(option).map(|_| ()),
        "on_error" | "force_not_null" | "force_null" | "default" | "reject_limit" => {
            Err(not_supported(format!("COPY option {}", option.name.to_uppercase())))
        }
        name => Err(Error::new(
            SqlState::SYNTAX_ERROR,
            format!("option \"{name}\" not recognized"),
        )),
    }
}

fn format_named(name: &str) -> Result<CopyFormat> {
    match name.to_lowercase().as_str() {
        "text" => Ok(CopyFormat::Text),
        "csv" => Ok(CopyFormat::Csv),
        "binary" => Ok(CopyFormat::Binary),
        "parquet" => Ok(CopyFormat::Parquet),
        "json" | "ndjson" => Ok(CopyFormat::Json),
        _ => Err(invalid(format!("COPY format \"{name}\" not recognized"))
            .with_hint("The formats are text, csv, binary, parquet and json.")),
    }
}

/// Defaults for the format, and what does not go together.
fn complete(given: Given, column_names: &[String]) -> Result<CopyOptions> {
    let format = given.format.unwrap_or(CopyFormat::Text);
    let is_csv = format == CopyFormat::Csv;
    let has_fields = is_csv || format == CopyFormat::Text;
    let only_csv = [
        (given.quote.is_some(), "quote"),
        (given.escape.is_some(), "escape"),
        (given.force_quote.is_some(), "force_quote"),
    ];
    if let Some((_, name)) = only_csv.into_iter().find(|(present, _)| *present && !is_csv) {
        return Err(not_supported(format!("COPY {} outside CSV mode", name.to_uppercase())));
    }
    let only_fields = [
        (given.header.is_some_and(|header| header != Header::Absent), "HEADER"),
        (given.delimiter.is_some(), "DELIMITER"),
        (given.null.is_some(), "NULL"),
    ];
    if let Some((_, name)) = only_fields.into_iter().find(|(present, _)| *present && !has_fields) {
        return Err(Error::new(
            SqlState::SYNTAX_ERROR,
            format!("cannot specify {name} in this COPY format"),
        ));
    }
    let delimiter = given.delimiter.unwrap_or(if is_csv { b',' } else { b'\t' });
    let quote = given.quote.unwrap_or(b'"');
    let null = given
        .null
        .unwrap_or_else(|| if is_csv { String::new() } else { "\\N".to_owned() });
    if matches!(delimiter, b'\n' | b'\r') {
        return Err(invalid("COPY delimiter cannot be newline or carriage return"));
    }
    if null.contains(['\n', '\r']) {
        return Err(invalid(
            "COPY null representation cannot use newline or carriage return",
        ));
    }
    if format == CopyFormat::Text && b"\\.abcdefghijklmnopqrstuvwxyz0123456789".contains(&delimiter) {
        return Err(invalid(format!(
            "COPY delimiter cannot be \"{}\"",
            char::from(delimiter)
        )));
    }
    if is_csv && delimiter == quote {
        return Err(invalid("COPY delimiter and quote must be different"));
    }
    if null.as_bytes().contains(&delimiter) && has_fields {
        return Err(invalid("COPY delimiter must not appear in the NULL specification"));
    }
    let force_quote = match given.force_quote {
        None => None,
        Some(None) => Some((0..column_names.len()).collect()),
        Some(Some(names)) => Some(
            names
                .iter()
                .map(|name| {
                    column_names.iter().position(|known| known == name).ok_or_else(|| {
                        Error::new(
                            SqlState::INVALID_COLUMN_REFERENCE,
                            format!("FORCE_QUOTE column \"{name}\" not referenced by COPY"),
                        )
                    })
                })
                .collect::<Result<Vec<_>>>()?,
        ),
    };
    Ok(CopyOptions {
        format,
        header: given.header.is_some_and(|header| header != Header::Absent),
        header_matches: given.header == Some(Header::Match),
        delimiter,
        null,
        quote,
        escape: given.escape.unwrap_or(quote),
        force_quote,
    })
}
