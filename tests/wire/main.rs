//! Real clients over the wire: psql and psycopg scripts with their expected output, and the protocol's promises through a Rust
//! client. A client that is not installed is reported as not run; with `STOA_TEST_CLIENTS=required` that is a failure.
//! `UPDATE_EXPECT=1` rewrites the expected output of scripts.

mod advisory_locks;
mod cancel;
mod clients;
mod clients_rely_on;
mod definitions;
mod explain;
mod keys;
mod protocol;
mod snapshots;
mod stored_arrays;

use std::sync::OnceLock;
use stoa_tests::{Server, ServerOptions};

/// One server for all tests of this file; each test has tables of its own.
fn server() -> &'static Server {
    static SERVER: OnceLock<(Server, tempfile::TempDir)> = OnceLock::new();
    let (server, _) = SERVER.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(&ServerOptions {
            data: folder.path().join("data"),
            arguments: Vec::new(),
        })
        .keep_until_exit();
        (server, folder)
    });
    server
}
