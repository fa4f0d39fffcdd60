//! Runs the files of a corpus, several at a time, each against a database of its own. A failing record stops nothing.

use crate::answer::{Answer, Engine, Failure};
use crate::arguments::{Arguments, Corpus};
use crate::exceptions::Exceptions;
use crate::judge::{self, Judgement};
use crate::oracle::Oracle;
use crate::report::{FileReport, Report};
use crate::script::{self, Expected, Record};
use crate::setup;
use crate::stoa::Stoa;
use crate::verdicts::{Verdict, Verdicts};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::{Duration, Instant};
use stoa_tests::workspace_root;

/// A query that takes longer is told.
const SLOW: Duration = Duration::from_secs(10);

/// Runs what the arguments say and prints a report.
///
/// Gives the number of wrong answers.
///
/// # Errors
/// Files or lists that cannot be read, or no oracle where one is wanted.
pub(crate) fn run(arguments: &Arguments) -> Result<usize, String> {
    let list = |kind: &str| workspace_root().join(format!("tests/corpora/{}.{kind}", arguments.corpus.name()));
    let exceptions = Exceptions::read(&list("left_out"))?;
    let verdicts = Mutex::new(Verdicts::read(&list("postgres"))?);
    let files = Mutex::new(files(arguments)?);
    let report = Mutex::new(Report::default());
    let problems = Mutex::new(Vec::new());
    let end = arguments
        .minutes
        .map(|minutes| Instant::now() + Duration::from_secs(60 * minutes));
    std::thread::scope(|scope| {
        for _ in 0..arguments.jobs.max(1) {
            scope.spawn(|| {
                while end.is_none_or(|end| Instant::now() < end) {
                    let Some(name) = files.lock().unwrap().pop() else { break };
                    match run_file(arguments, &name, &exceptions, &verdicts) {
                        Ok(file) => {
                            eprintln!("{}", file.line());
                            report.lock().unwrap().files.push(file);
                        }
                        Err(problem) => problems.lock().unwrap().push(format!("{name}: {problem}")),
                    }
                }
            });
        }
    });
    if arguments.oracle.is_some() {
        verdicts.into_inner().unwrap().write(&list("postgres"))?;
    }
    let mut report = report.into_inner().unwrap();
    report.files_left = files.into_inner().unwrap().len();
    report.problems = problems.into_inner().unwrap();
    print!("{}", report.summary());
    if let Some(path) = &arguments.report {
        std::fs::write(path, report.whole()).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    Ok(report.wrong() + report.problems.len())
}

/// The files' names in the corpus, in an order that mixes its folders, so that a run that ends early has seen something of each.
fn files(arguments: &Arguments) -> Result<Vec<String>, String> {
    let mut names = Vec::new();
    let mut folders = vec![arguments.folder.clone()];
    while let Some(folder) = folders.pop() {
        let entries = std::fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
        for path in entries.filter_map(|entry| entry.ok().map(|entry| entry.path())) {
            if path.is_dir() {
                folders.push(path);
            } else if path
                .extension()
                .is_some_and(|extension| extension == arguments.corpus.extension())
            {
                let name = path.strip_prefix(&arguments.folder).unwrap_or(&path);
                names.push(name.to_string_lossy().into_owned());
            }
        }
    }
    if let Some(word) = &arguments.only {
        names.retain(|name| name.contains(word.as_str()));
    }
    if names.is_empty() {
        return Err(format!("no files below {}", arguments.folder.display()));
    }
    names.sort_by_key(|name| (crc32c::crc32c(name.as_bytes()), name.clone()));
    Ok(names)
}

/// A record and what Stoa made of it.
struct Run {
    record: Record,
    result: Result<Answer, Failure>,
}

fn run_file(
    arguments: &Arguments,
    name: &str,
    exceptions: &Exceptions,
    verdicts: &Mutex<Verdicts>,
) -> Result<FileReport, String> {
    let path: PathBuf = arguments.folder.join(name);
    let records = chosen(
        arguments,
        script::read(&path, name, arguments.corpus == Corpus::Sqlite)?,
    );
    let started = Instant::now();
    let mut file = FileReport::new(name);
    if let Some(connection) = arguments
        .oracle
        .as_ref()
        .filter(|_| arguments.corpus == Corpus::Datafusion)
    {
        let all: Vec<&Record> = records.iter().collect();
        ask(arguments, connection, name, &all, verdicts)?;
    }
    let verdict = |record: &Record| {
        let verdicts = verdicts.lock().unwrap();
        verdicts.get(&section(name, record), record.line).cloned()
    };
    let mut runs = Vec::new();
    let mut stoa = Stoa::open()?;
    for record in records {
        // What PostgreSQL does not take must not change what the records behind it see.
        if let Some(Verdict::Refused(reason)) = verdict(&record) {
            if record.is_query() {
                file.add(&record, Judgement::Foreign(reason));
            }
            continue;
        }
        let begun = Instant::now();
        let result = execute(&mut stoa, arguments, &record);
        if begun.elapsed() > SLOW {
            file.slow
                .push(format!("{}:{} {:?}", record.file, record.line, begun.elapsed()));
        }
        // What is right beyond doubt need not be kept.
        let answer = result.as_ref().ok().filter(|_| arguments.corpus == Corpus::Sqlite);
        match answer.filter(|_| record.is_query()) {
            Some(answer) if judge::compare(arguments.corpus, &record, answer).is_ok() => {
                file.add(&record, Judgement::Right)
            }
            _ => runs.push(Run { record, result }),
        }
    }
    drop(stoa);
    if let Some(connection) = arguments.oracle.as_ref().filter(|_| arguments.corpus == Corpus::Sqlite)
        && runs.iter().any(|run| run.record.is_query())
    {
        let open: Vec<&Record> = runs.iter().map(|run| &run.record).collect();
        ask(arguments, connection, name, &open, verdicts)?;
    }
    for Run { record, result } in runs {
        let verdict = verdict(&record);
        match exceptions.reason(&record) {
            Some(reason) if record.is_query() => file.add(&record, Judgement::Foreign(reason.to_owned())),
            Some(_) => {}
            None => judge_run(arguments.corpus, &mut file, &record, &result, verdict.as_ref()),
        }
    }
    file.seconds = started.elapsed().as_secs_f64();
    Ok(file)
}

fn judge_run(
    corpus: Corpus,
    file: &mut FileReport,
    record: &Record,
    result: &Result<Answer, Failure>,
    verdict: Option<&Verdict>,
) {
    let is_answered = matches!(verdict, Some(Verdict::Answer { .. }));
    if record.is_query() || is_answered {
        file.add(record, judge::judge(corpus, record, result, verdict));
    } else if record.expected == Expected::Success && !matches!(verdict, Some(Verdict::Refused(_))) {
        file.add_statement(record, result.as_ref().err());
    }
}

/// All statements, and the queries of the sample.
fn chosen(arguments: &Arguments, mut records: Vec<Record>) -> Vec<Record> {
    let mut number = 0;
    records.retain(|record| {
        number += usize::from(record.is_query());
        !record.is_query() || (number + arguments.sample).is_multiple_of(arguments.every.max(1))
    });
    records
}

/// Records of included files have lines of their own.
fn section(name: &str, record: &Record) -> String {
    match &*record.file == name {
        true => name.to_owned(),
        false => format!("{name} {}", record.file),
    }
}

/// Runs a record; how DataFusion makes tables is said in PostgreSQL's words, all or nothing.
fn execute(engine: &mut impl Engine, arguments: &Arguments, record: &Record) -> Result<Answer, Failure> {
    let is_setup = arguments.corpus == Corpus::Datafusion && !record.is_query();
    match is_setup
        .then(|| setup::postgres(&record.sql, arguments.data.as_deref()))
        .flatten()
    {
        None => engine.run(&record.sql),
        Some(sql) => {
            let result = engine.run(&format!("BEGIN; {sql}; COMMIT"));
            if result.is_err() {
                let _ = engine.run("ROLLBACK");
            }
            result
        }
    }
}

/// Notes what a PostgreSQL says to records; of SQLite's corpus only to queries, as its statements are all PostgreSQL's.
fn ask(
    arguments: &Arguments,
    connection: &str,
    name: &str,
    records: &[&Record],
    verdicts: &Mutex<Verdicts>,
) -> Result<(), String> {
    let corpus = arguments.corpus;
    let mut oracle = Oracle::connect(connection)?;
    for record in records {
        let verdict = match execute(&mut oracle, arguments, record) {
            Ok(answer) if answer.kinds.is_empty() => Verdict::Done,
            Ok(answer) => Verdict::Answer {
                digest: answer.digest(judge::is_ordered(record)),
                agrees: judge::compare(corpus, record, &answer).is_ok(),
            },
            Err(failure) => Verdict::Refused(format!("{} {}", failure.state, one_line(&failure.message))),
        };
        if corpus == Corpus::Datafusion || record.is_query() {
            let section = section(name, record);
            verdicts.lock().unwrap().insert(&section, record.line, verdict);
        }
    }
    Ok(())
}

fn one_line(message: &str) -> &str {
    message.lines().next().unwrap_or_default()
}

/// A folder of the corpus that a file is reported under.
pub(crate) fn group(name: &str) -> String {
    let folder = Path::new(name).parent().unwrap_or(Path::new(""));
    let parts: Vec<_> = folder.iter().take(2).map(|part| part.to_string_lossy()).collect();
    match parts.is_empty() {
        true => ".".into(),
        false => parts.join("/"),
    }
}
