//! Data directories and addresses that cannot be served: one line on stderr, exit code 1, nothing touched.

use super::{one_line, refusal, text};
use std::path::{Path, PathBuf};
use stoa_tests::{Ended, Server, ServerOptions, run_stoa};

/// A data directory with a table of three rows in a segment and one in the log, made by a server that has stopped.
fn made(folder: &Path) -> ServerOptions {
    let options = ServerOptions {
        data: folder.join("data"),
        arguments: Vec::new(),
    };
    let server = Server::start(&options);
    let mut client = server.connect();
    client
        .batch_execute("CREATE TABLE kept (id integer NOT NULL); INSERT INTO kept VALUES (1), (2), (3)")
        .unwrap();
    client.batch_execute("CHECKPOINT").unwrap();
    client.batch_execute("INSERT INTO kept VALUES (4)").unwrap();
    server.kill();
    options
}

fn row_count(server: &Server) -> i64 {
    let mut client = server.connect();
    client.query_one("SELECT count(*) FROM kept", &[]).unwrap().get(0)
}

fn serve(data: &Path, listen: &str) -> Ended {
    run_stoa(&["serve", "--data", text(data), "--listen", listen], |_| {})
}

/// All files below a folder with their bytes.
fn files(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut pending = vec![folder.to_path_buf()];
    while let Some(path) = pending.pop() {
        if path.is_dir() {
            pending.extend(std::fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            let bytes = std::fs::read(&path).unwrap();
            found.push((path, bytes));
        }
    }
    found.sort();
    found
}

#[test]
fn a_data_directory_in_use_is_refused_and_its_server_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let options = made(folder.path());
    let server = Server::start(&options);
    let data = text(&options.data);
    let expected = format!("\"{data}\" is in use by process {}", server.process_id());
    let commands: [&[&str]; 5] = [
        &["serve", "--data", data, "--listen", "127.0.0.1:0"],
        &["sql", "--data", data, "-c", "DROP TABLE kept"],
        &["load", "kept", "missing.csv", "--data", data],
        &["check", "--data", data],
        &["quickstart", "--data", data, "--rows", "10", "--no-serve"],
    ];
    for command in commands {
        let ended = run_stoa(command, |_| {});
        assert!(one_line(&ended).contains(&expected), "{ended:?}");
    }
    assert_eq!(row_count(&server), 4);
    server.stop();
    let server = Server::start(&options);
    assert_eq!(row_count(&server), 4);
}

#[test]
fn a_port_in_use_is_refused_before_anything_is_opened() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&made(folder.path()));
    let address = format!("127.0.0.1:{}", server.port());
    let other = folder.path().join("other");
    let ended = serve(&other, &address);
    let expected = format!("could not listen on {address}: the port is in use");
    assert!(one_line(&ended).starts_with(&expected), "{ended:?}");
    assert!(!other.exists());
    assert_eq!(row_count(&server), 4);
}

/// The files of a data directory with an ending; the newest last.
fn with_ending(data: &Path, ending: &str) -> PathBuf {
    let mut found = files(data).into_iter().map(|(path, _)| path);
    let last = found.rfind(|path| path.extension().is_some_and(|found| found == ending));
    last.unwrap_or_else(|| panic!("there is no .{ending}"))
}

/// Makes a file one of the next format version, with checksums that say so too.
fn make_newer(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let version = u32::from_le_bytes(bytes[8..12].try_into().unwrap()) + 1;
    bytes[8..12].copy_from_slice(&version.to_le_bytes());
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("log") => {
            let checksum = crc32c::crc32c_append(crc32c::crc32c(&bytes[..12]), &bytes[16..48]);
            bytes[12..16].copy_from_slice(&checksum.to_le_bytes());
        }
        Some("manifest") => {
            let header = xxhash_rust::xxh3::xxh3_64(&bytes[..24]);
            let checksum = xxhash_rust::xxh3::xxh3_64_with_seed(&bytes[32..], header);
            bytes[24..32].copy_from_slice(&checksum.to_le_bytes());
        }
        // A segment's version stands before its checksums.
        _ => {}
    }
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn a_newer_log_or_manifest_is_refused_and_left_as_it_is() {
    for ending in ["log", "manifest"] {
        let folder = tempfile::tempdir().unwrap();
        let options = made(folder.path());
        let path = with_ending(&options.data, ending);
        make_newer(&path);
        let before = files(&options.data);
        let expected = format!(
            "\"{}\" has format version 4; this program reads up to 3; the data was written by a newer Stoa, use that version or \
             a newer one",
            path.display()
        );
        let data = text(&options.data);
        let check = ["check", "--data", data];
        let inspect = ["inspect", text(&path)];
        for ended in [
            serve(&options.data, "127.0.0.1:0"),
            run_stoa(&check, |_| {}),
            run_stoa(&inspect, |_| {}),
        ] {
            assert_eq!(one_line(&ended), expected);
        }
        let after = files(&options.data);
        for ((path, before), (_, after)) in before.iter().zip(&after) {
            let is_lock = path.file_name().is_some_and(|name| name == "LOCK");
            assert!(is_lock || before == after, "\"{}\" changed", path.display());
        }
        assert_eq!(before.len(), after.len());
    }
}

#[test]
fn a_newer_segment_is_refused_where_it_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let options = made(folder.path());
    let path = with_ending(&options.data, "segment");
    make_newer(&path);
    let expected = format!(
        "\"{}\" has format version 3; this program reads up to 2",
        path.display()
    );
    let server = Server::start(&options);
    let mut client = server.connect();
    let error = refusal(
        client.batch_execute("SELECT sum(id), min(id * 2) FROM kept"),
        "the query",
    );
    assert_eq!(error.code().code(), "58030");
    assert_eq!(error.message(), expected);
    client
        .batch_execute("CREATE TABLE others (id integer); INSERT INTO others VALUES (1); SELECT * FROM others")
        .unwrap();
    server.kill();
    let ended = run_stoa(&["check", "--data", text(&options.data)], |_| {});
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(ended.output.contains(&expected), "{ended:?}");
    let ended = run_stoa(&["inspect", text(&path)], |_| {});
    assert!(one_line(&ended).contains(&expected), "{ended:?}");
}

#[test]
fn a_folder_of_other_files_does_not_become_a_data_directory() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("photos");
    std::fs::create_dir(&data).unwrap();
    std::fs::write(data.join("summer.jpeg"), "not ours").unwrap();
    let before = files(&data);
    let expected = format!(
        "\"{}\" is no data directory: it holds \"summer.jpeg\" and no manifest",
        data.display()
    );
    let commands: [&[&str]; 4] = [
        &["serve", "--data", text(&data), "--listen", "127.0.0.1:0"],
        &["sql", "--data", text(&data), "-c", "SELECT 1"],
        &["load", "kept", "missing.csv", "--data", text(&data)],
        &["check", "--data", text(&data)],
    ];
    for command in commands {
        let ended = run_stoa(command, |_| {});
        assert!(one_line(&ended).starts_with(&expected), "{ended:?}");
    }
    assert_eq!(files(&data), before);
    assert_eq!(std::fs::read_dir(&data).unwrap().count(), 1, "nothing was made there");
    // What a file system has of its own, and hidden files, are nobody's data.
    let mounted = folder.path().join("mounted");
    std::fs::create_dir_all(mounted.join("lost+found")).unwrap();
    std::fs::write(mounted.join(".keep"), "").unwrap();
    Server::start(&ServerOptions {
        data: mounted,
        arguments: Vec::new(),
    })
    .stop();
}

#[test]
fn a_path_that_is_a_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "not ours").unwrap();
    let ended = serve(&file, "127.0.0.1:0");
    let expected = format!("\"{}\": Not a directory", file.display());
    assert!(one_line(&ended).contains(&expected), "{ended:?}");
    assert_eq!(std::fs::read(&file).unwrap(), b"not ours");
}

/// Even an administrator's process may then not look past permissions.
#[cfg(target_os = "linux")]
fn without_privileges(command: &mut std::process::Command) {
    let drop_privileges = || {
        // Capabilities 1 and 2 override permissions. Where they may not be given up, there are none.
        for capability in [1, 2] {
            // SAFETY: changes this process only, which is about to become another program.
            unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) };
        }
        Ok(())
    };
    // SAFETY: only a system call happens between fork and exec.
    unsafe { std::os::unix::process::CommandExt::pre_exec(command, drop_privileges) };
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_may_not_be_read_or_written_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let options = made(folder.path());
    let set_mode =
        |path: &Path, mode| std::fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    let serve = ["serve", "--data", text(&options.data), "--listen", "127.0.0.1:0"];
    let manifests = options.data.join("manifest");
    let log = with_ending(&options.data, "log");
    for (path, mode, former) in [
        (&options.data, 0o000, 0o755),
        (&manifests, 0o000, 0o755),
        (&log, 0o000, 0o644),
    ] {
        set_mode(path, mode);
        let ended = run_stoa(&serve, without_privileges);
        set_mode(path, former);
        let line = one_line(&ended);
        assert!(
            line.contains(text(path)) && line.contains("Permission denied"),
            "{line}"
        );
    }
    let server = Server::start(&options);
    assert_eq!(row_count(&server), 4);
}

#[test]
fn a_server_that_is_stopped_at_once_ends_cleanly() {
    let folder = tempfile::tempdir().unwrap();
    let options = made(folder.path());
    for _ in 0..5 {
        // Fails where the server ends otherwise than with code 0.
        Server::start(&options).stop();
    }
    assert_eq!(row_count(&Server::start(&options)), 4);
}
