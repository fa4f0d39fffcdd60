//! A small file system of its own, mounted in memory, for tests that fill it.
//!
//! They run within a namespace where they may mount. Where the system does not allow that they say so and end; with
//! `STOA_TEST_MOUNTS=required` that is a failure.

use super::text;
use std::ffi::CString;
use std::io::Write;
use std::path::Path;
use std::process::Command;

/// Set in the process within the namespace: where to mount.
const MOUNT_VARIABLE: &str = "STOA_TEST_MOUNT_POINT";

/// Runs a test of `full_disk` with the folder of a small file system, in a process that may mount it.
pub(super) fn within_mount(test: &str, inside: impl FnOnce(&Path)) {
    if let Some(folder) = std::env::var_os(MOUNT_VARIABLE) {
        let folder = Path::new(&folder);
        mount(folder, 0, &format!("size={SMALL_MIB}m"));
        return inside(folder);
    }
    let Some(namespace) = namespace() else {
        let required = std::env::var("STOA_TEST_MOUNTS").is_ok_and(|value| value == "required");
        assert!(!required, "no small file system can be mounted here");
        eprintln!("not run: no small file system can be mounted here");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let status = Command::new("unshare")
        .args(namespace)
        .arg(std::env::current_exe().unwrap())
        .args([
            "--exact",
            &format!("full_disk::{test}"),
            "--nocapture",
            "--include-ignored",
        ])
        .env(MOUNT_VARIABLE, folder.path())
        .status()
        .unwrap();
    assert!(status.success(), "within the namespace");
}

/// The arguments of `unshare` with which this process may mount.
fn namespace() -> Option<&'static [&'static str]> {
    let ways: [&[&str]; 2] = [&["-m"], &["-Urm"]];
    ways.into_iter().find(|way| {
        let folder = tempfile::tempdir().unwrap();
        let mut probe = Command::new("unshare");
        probe
            .args(*way)
            .args(["mount", "-t", "tmpfs", "tmpfs"])
            .arg(folder.path());
        probe.output().is_ok_and(|output| output.status.success())
    })
}

/// What commits leave free, and a little to write to.
pub(super) const SMALL_MIB: u64 = 64 + 6;

/// Gives the file system another size.
pub(super) fn resize(folder: &Path, mebibytes: u64) {
    mount(folder, libc::MS_REMOUNT, &format!("size={mebibytes}m"));
}

/// The system's own call: the command of that name adds options that a namespace may not set.
fn mount(folder: &Path, flags: libc::c_ulong, options: &str) {
    let (folder, options) = (CString::new(text(folder)).unwrap(), CString::new(options).unwrap());
    let kind = c"tmpfs".as_ptr();
    // SAFETY: all texts end with a zero byte and outlive the call.
    let status = unsafe { libc::mount(kind, folder.as_ptr(), kind, flags, options.as_ptr().cast()) };
    assert_eq!(status, 0, "mounting: {}", std::io::Error::last_os_error());
}

/// A file that leaves so many bytes free.
pub(super) fn take_all_but(folder: &Path, left: u64) {
    let mut file = std::fs::File::create(folder.join("taken")).unwrap();
    let chunk = vec![1; 4096];
    while free_bytes(folder) > left {
        file.write_all(&chunk).unwrap();
    }
}

/// What is left for programs.
pub(super) fn free_bytes(folder: &Path) -> u64 {
    let path = CString::new(text(folder)).unwrap();
    // SAFETY: numbers, all of which may be zero.
    let mut answer: libc::statvfs = unsafe { std::mem::zeroed() };
    // SAFETY: the path ends with a zero byte and the answer has the size the call fills.
    assert_eq!(unsafe { libc::statvfs(path.as_ptr(), &mut answer) }, 0);
    answer.f_bavail * answer.f_frsize
}
