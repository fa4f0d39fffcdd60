//! A database opened by a command itself: in this process, with nobody listening.

use super::arguments::ResourceOptions;
use super::{CommandError, Result};
use crate::listen::{Server, runtime};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use stoa_engine::config::Config;
use stoa_engine::database::Database;

/// Decoded dictionaries are held in one byte of so many of the memory limit, beside it.
const DICTIONARIES_ONE_IN: usize = 2;

/// The configuration that the options mean.
pub(super) fn config(data: &Path, resources: &ResourceOptions) -> Config {
    let mut config = Config::new(data);
    let machine_bytes = stoa_benches::machine::Machine::describe().memory_bytes;
    if let Ok(half @ 1..) = usize::try_from(machine_bytes / 2) {
        config.memory_limit_bytes = half;
    }
    if let Some(threads) = resources.threads {
        config.threads = usize::from(threads);
        config.store.threads = usize::from(threads);
    }
    if let Some(memory_limit) = resources.memory_limit {
        config.memory_limit_bytes = memory_limit;
    }
    config.store.dictionary_bytes_max = config.memory_limit_bytes / DICTIONARIES_ONE_IN;
    config
}

/// An open database with its own small server, reached through a socket pair only.
pub(super) struct Embedded {
    database: Arc<Database>,
    server: Server,
    runtime: tokio::runtime::Runtime,
}

impl Embedded {
    /// Opens a data directory.
    pub(super) fn open(config: Config) -> Result<Self> {
        let database = Database::open(config)?;
        let runtime = runtime().map_err(|error| CommandError::failed(format!("could not start threads: {error}")))?;
        Ok(Embedded {
            server: Server::new(Arc::clone(&database), 1),
            database,
            runtime,
        })
    }

    /// One end of a socket whose other end is served.
    pub(super) fn connect(&self) -> std::io::Result<UnixStream> {
        let (client, served) = UnixStream::pair()?;
        self.server.attach(served)?;
        Ok(client)
    }

    /// Ends the connection and closes the database: what is in memory is sealed.
    pub(super) fn close(self) -> Result<()> {
        self.runtime.block_on(self.server.stop(true));
        self.database.close(true)?;
        Ok(())
    }
}
