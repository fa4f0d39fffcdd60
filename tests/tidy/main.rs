//! What the house looks like, as tests: front pages, the direction of crates, who may touch the disk and the clock.

mod reference;

use std::path::{Path, PathBuf};
use stoa_tests::workspace_root;

/// All Rust sources of some folders of the workspace.
fn sources(folders: &[&str]) -> Vec<(PathBuf, String)> {
    let mut files = Vec::new();
    let mut pending: Vec<PathBuf> = folders.iter().map(|folder| workspace_root().join(folder)).collect();
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            let entries = std::fs::read_dir(&path).unwrap();
            // Folders that begin with a point hold what tests installed.
            let own = entries.map(|entry| entry.unwrap());
            let own = own.filter(|entry| !entry.file_name().to_string_lossy().starts_with('.'));
            pending.extend(own.map(|entry| entry.path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            files.push((path.strip_prefix(workspace_root()).unwrap().to_owned(), text));
        }
    }
    assert!(!files.is_empty(), "{folders:?} hold sources");
    files.sort();
    files
}

fn report(problems: Vec<String>) {
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

const CRATES: [&str; 4] = ["storage/src", "sql/src", "engine/src", "server/src"];

fn is_test(path: &Path) -> bool {
    let text = path.to_string_lossy();
    text.contains("/tests/") || text.ends_with("_test.rs") || text.ends_with("tests.rs") || text.ends_with("testing.rs")
}

#[test]
fn every_file_says_what_it_is() {
    let all = sources(&["storage", "sql", "engine", "server", "tests", "benches"]);
    let silent = all.iter().filter(|(_, text)| !text.trim_start().starts_with("//!"));
    report(
        silent
            .map(|(path, _)| format!("{} does not begin with //!", path.display()))
            .collect(),
    );
}

#[test]
fn crates_point_one_way() {
    let forbidden = [
        ("storage", ["stoa-sql", "stoa-engine", "stoa-server"].as_slice()),
        ("sql", &["stoa-storage", "stoa-engine", "stoa-server", "arrow"]),
        ("engine", &["stoa-server", "tokio", "sqlparser"]),
        ("server", &["sqlparser"]),
    ];
    let mut problems = Vec::new();
    for (name, others) in forbidden {
        let manifest = std::fs::read_to_string(workspace_root().join(name).join("Cargo.toml")).unwrap();
        let dependencies = manifest.split("[dev-dependencies]").next().unwrap_or_default();
        for other in others {
            if dependencies.lines().any(|line| line.starts_with(other)) {
                problems.push(format!("{name} depends on {other}"));
            }
        }
    }
    report(problems);
}

/// Lines of code that contain one of the words, outside tests and the files that may.
fn uses(folders: &[&str], words: &[&str], allowed: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for (path, text) in sources(folders) {
        let place = path.to_string_lossy().into_owned();
        if is_test(&path) || allowed.iter().any(|allowed| place.starts_with(allowed)) {
            continue;
        }
        let code = text.split("#[cfg(test)]").next().unwrap_or_default();
        for (number, line) in code.lines().enumerate() {
            let is_comment = line.trim_start().starts_with("//");
            if !is_comment && words.iter().any(|word| line.contains(word)) {
                found.push(format!("{place}:{}: {}", number + 1, line.trim()));
            }
        }
    }
    found
}

#[test]
fn storage_knows_no_sql() {
    report(uses(&["storage/src"], &["stoa_sql", "sqlparser"], &[]));
}

#[test]
fn only_the_disk_touches_files() {
    report(uses(
        &["storage/src", "engine/src"],
        &["std::fs", "fs::File", " File::open", " File::create"],
        &["storage/src/disk/", "engine/src/ingest/source.rs"],
    ));
}

#[test]
fn only_the_clock_reads_time_in_storage() {
    report(uses(&["storage/src"], &["SystemTime::now"], &["storage/src/clock.rs"]));
}

#[test]
fn only_the_server_is_async() {
    report(uses(
        &["storage/src", "sql/src", "engine/src"],
        &["async fn", ".await", "tokio::"],
        &[],
    ));
}

#[test]
fn names_say_something() {
    let banned = ["util", "utils", "common", "misc", "manager", "helpers"];
    let mut problems = Vec::new();
    for (path, _) in sources(&CRATES) {
        for part in path.iter().map(|part| part.to_string_lossy()) {
            if banned.contains(&part.trim_end_matches(".rs")) {
                problems.push(format!("{} has a name that says nothing", path.display()));
            }
        }
    }
    report(problems);
}

#[test]
fn nothing_is_left_to_do_silently() {
    report(uses(
        &CRATES,
        &["dbg!(", "todo!(", "unimplemented!(", "TODO", "FIXME"],
        &[],
    ));
}

/// Prints the longest files; a reader decides.
#[test]
fn the_longest_files() {
    let mut files: Vec<(usize, PathBuf)> = sources(&CRATES)
        .into_iter()
        .map(|(path, text)| (text.lines().count(), path))
        .collect();
    files.sort_by_key(|(lines, _)| std::cmp::Reverse(*lines));
    for (lines, path) in files.iter().take(10) {
        println!("{lines:>6} {}", path.display());
    }
}
