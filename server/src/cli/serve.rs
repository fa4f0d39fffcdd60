//! `stoa serve`: opens a data directory and serves it until it is told to stop.

use super::arguments::ServeOptions;
use super::embedded::config;
use super::{CommandError, Result};
use crate::listen::{Server, listen, listen_addresses, runtime};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use stoa_engine::config::Config;
use stoa_engine::database::Database;
use tokio::net::TcpListener;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Runs the command.
pub(super) fn run(options: &ServeOptions) -> Result<()> {
    let mut config = config(&options.database.data, &options.database.resources);
    config.import_folder = options.import_dir.as_deref().map(import_folder).transpose()?;
    serve(config, &options.listen, options.http.as_deref(), options.connections)
}

fn import_folder(folder: &Path) -> Result<std::path::PathBuf> {
    folder
        .canonicalize()
        .map_err(|error| CommandError::failed(format!("could not use --import-dir \"{}\": {error}", folder.display())))
}

/// Opens and serves a database until a signal.
fn serve(config: Config, listen_address: &str, http_address: Option<&str>, connections_max: usize) -> Result<()> {
    // The addresses first: a port in use must not cost the opening of a large database.
    let reserved = Reserved::new(listen_address, http_address)?;
    let folder = config.data_folder.clone();
    let database = Database::open(config)?;
    reserved.serve(database, &folder, connections_max)
}

/// Addresses listened on, with nobody accepting yet.
pub(super) struct Reserved {
    runtime: tokio::runtime::Runtime,
    listener: TcpListener,
    http_listener: Option<TcpListener>,
}

impl Reserved {
    /// Listens on an address for Postgres clients and, if it is given, on one for HTTP.
    pub(super) fn new(listen_address: &str, http_address: Option<&str>) -> Result<Self> {
        let addresses = listen_addresses(listen_address).map_err(CommandError::Failed)?;
        let http_addresses = http_address.map(listen_addresses).transpose();
        let http_addresses = http_addresses.map_err(CommandError::Failed)?;
        let runtime = runtime().map_err(|error| CommandError::failed(format!("could not start threads: {error}")))?;
        let (listener, http_listener) = {
            let _guard = runtime.enter();
            let listener = listen(&addresses, "--listen").map_err(CommandError::Failed)?;
            let http_listener = http_addresses.map(|addresses| listen(&addresses, "--http"));
            (listener, http_listener.transpose().map_err(CommandError::Failed)?)
        };
        Ok(Reserved {
            runtime,
            listener,
            http_listener,
        })
    }

    /// Serves until a signal; then stops gracefully and closes the database.
    pub(super) fn serve(self, database: Arc<Database>, folder: &Path, connections_max: usize) -> Result<()> {
        let address = local_address(&self.listener)?;
        let http_address = self.http_listener.as_ref().map(local_address).transpose()?;
        let Reserved {
            runtime,
            listener,
            http_listener,
        } = self;
        // Before anybody can know that it serves.
        let mut signals = {
            let _guard = runtime.enter();
            StopSignals::new().map_err(|error| CommandError::failed(format!("could not wait for signals: {error}")))?
        };
        println!(
            "Stoa {} serves \"{}\" on {address}. Connect with:\n\n  psql -h {} -p {} -U stoa stoa\n{}\nCtrl-C stops it.",
            env!("CARGO_PKG_VERSION"),
            folder.display(),
            address.ip(),
            address.port(),
            http_address.map_or_else(String::new, |address| format!("  curl http://{address}/health\n"))
        );
        let server = Server::new(Arc::clone(&database), connections_max);
        if let Some(listener) = http_listener {
            runtime.spawn(server.accept_http(listener));
        }
        runtime.block_on(async {
            tokio::select! {
                () = server.accept(&listener) => {}
                () = signals.next() => {}
            }
            drop(listener);
            tracing::info!("stopping: {} connections are open", server.connection_count());
            tokio::select! {
                () = server.stop(false) => {}
                () = signals.next() => server.stop(true).await,
            }
        });
        database.close(true)?;
        tracing::info!("stopped");
        Ok(())
    }
}

fn local_address(listener: &TcpListener) -> Result<SocketAddr> {
    let address = listener.local_addr();
    address.map_err(|error| CommandError::failed(format!("could not listen: {error}")))
}

/// Ctrl-C and SIGTERM.
struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// From now on they do not end the process. Must be called within a runtime.
    fn new() -> std::io::Result<Self> {
        Ok(StopSignals {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
        })
    }

    /// Waits for the next of them.
    async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}
