//! Accepts connections within limits, and stops gracefully: new ones are refused, idle ones ended, statements get a grace
//! period and are then cancelled.
//!
//! As long as no authentication is configured, only loopback addresses are listened on.

use crate::http;
use crate::limits::{STARTING_CONNECTIONS_MAX, STOP_CANCEL_MS, STOP_FLUSH_MS, STOP_GRACE_MS};
use crate::postgres::startup;
use crate::registry::Registry;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use stoa_engine::database::Database;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Connections that wait to be accepted, in the operating system.
const BACKLOG: u32 = 1024;

/// A database and its connections.
pub struct Server {
    database: Arc<Database>,
    registry: Arc<Registry>,
    /// Places of sockets, whatever they speak.
    sockets: Arc<Semaphore>,
    http_sockets: Arc<AtomicUsize>,
}

impl Server {
    /// A server without connections.
    pub fn new(database: Arc<Database>, connections_max: usize) -> Self {
        let sockets_max = connections_max.saturating_add(STARTING_CONNECTIONS_MAX);
        Server {
            database,
            registry: Arc::new(Registry::new(connections_max)),
            sockets: Arc::new(Semaphore::new(sockets_max.min(Semaphore::MAX_PERMITS))),
            http_sockets: Arc::default(),
        }
    }

    /// Accepts connections of Postgres clients until the future is dropped, and ends what runs for those that have gone.
    pub async fn accept(&self, listener: &TcpListener) {
        let accepted = accept(listener, &self.sockets, |stream, place| {
            if let Err(error) = stream.into_std().and_then(|stream| self.begin(stream.into(), place)) {
                tracing::warn!("could not serve a connection: {error}");
            }
        });
        tokio::select! {
            () = accepted => {}
            () = self.registry.watch_clients() => {}
        }
    }

    fn begin<P: Send + 'static>(&self, descriptor: OwnedFd, place: P) -> io::Result<()> {
        let (database, registry) = (Arc::clone(&self.database), Arc::clone(&self.registry));
        startup::serve(database, registry, descriptor, place)
    }

    /// Accepts HTTP connections until the future is dropped: also while the server stops, to say so.
    pub fn accept_http(&self, listener: TcpListener) -> impl Future<Output = ()> + Send + 'static {
        let context = http::exchange::Context {
            database: Arc::clone(&self.database),
            registry: Arc::clone(&self.registry),
        };
        let (sockets, open) = (Arc::clone(&self.sockets), Arc::clone(&self.http_sockets));
        async move {
            accept(&listener, &sockets, |stream, place| {
                let (context, open) = (context.clone(), Counted::new(&open));
                tokio::spawn(async move {
                    http::connection::serve(context, stream).await;
                    drop((open, place));
                });
            })
            .await;
        }
    }

    /// Serves one local socket, such as one end of a pair.
    ///
    /// # Errors
    /// The socket cannot be set up, or there is no thread for it.
    pub fn attach(&self, stream: std::os::unix::net::UnixStream) -> io::Result<()> {
        self.begin(stream.into(), ())
    }

    /// Ends all connections; statements get the grace period, or are cancelled at once.
    pub async fn stop(&self, at_once: bool) {
        let grace_ms = if at_once { 0 } else { STOP_GRACE_MS };
        let (grace, cancel) = (Duration::from_millis(grace_ms), Duration::from_millis(STOP_CANCEL_MS));
        self.registry.stop(grace, cancel).await;
        // Answers that are complete may still be on their way.
        let deadline = tokio::time::Instant::now() + Duration::from_millis(STOP_FLUSH_MS);
        while self.http_sockets.load(Ordering::Acquire) > 0 && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Connections open now.
    pub fn connection_count(&self) -> usize {
        self.registry.count()
    }
}

/// Counts as long as it lives.
struct Counted(Arc<AtomicUsize>);

impl Counted {
    fn new(count: &Arc<AtomicUsize>) -> Self {
        count.fetch_add(1, Ordering::AcqRel);
        Counted(Arc::clone(count))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Accepts sockets as long as there are places, and begins to serve each.
async fn accept(listener: &TcpListener, sockets: &Arc<Semaphore>, serve: impl Fn(TcpStream, OwnedSemaphorePermit)) {
    loop {
        let Ok(place) = Arc::clone(sockets).acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, address)) => {
                tracing::debug!("connection from {address}");
                let _ = stream.set_nodelay(true);
                serve(stream, place);
            }
            Err(error) => {
                // Too many open files, mostly: others may go.
                tracing::warn!("could not accept a connection: {error}");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// The runtime that sockets, timers and signals live on.
///
/// # Errors
/// The operating system gives no threads or no event queue.
pub fn runtime() -> io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .thread_name("network")
        .enable_all()
        .build()
}

/// The addresses that `host:port` means.
///
/// # Errors
/// It means none, or one that is not loopback: a sentence.
pub fn listen_addresses(text: &str) -> Result<Vec<SocketAddr>, String> {
    let addresses: Vec<SocketAddr> = text
        .to_socket_addrs()
        .map_err(|error| format!("invalid listen address \"{text}\": {error}; write it as 127.0.0.1:5433"))?
        .collect();
    if addresses.is_empty() {
        return Err(format!("invalid listen address \"{text}\": the name has no address"));
    }
    match addresses.iter().find(|address| !address.ip().is_loopback()) {
        Some(address) => Err(format!(
            "refusing to listen on {address}: without authentication only addresses of this machine \
             (127.0.0.1, [::1]) are allowed"
        )),
        None => Ok(addresses),
    }
}

/// Listens on the first of the addresses that can be had, which an option of the command line named. Must be called within a runtime.
///
/// # Errors
/// None of them can be had: a sentence about the last one.
pub fn listen(addresses: &[SocketAddr], option: &str) -> Result<TcpListener, String> {
    let mut reason = "no address to listen on".to_owned();
    for address in addresses {
        match listen_on(*address) {
            Ok(listener) => return Ok(listener),
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                reason = format!(
                    "could not listen on {address}: the port is in use; stop the program that uses it, or choose another \
                     with {option} {}:{}",
                    address.ip(),
                    address.port().wrapping_add(1)
                );
            }
            Err(error) => reason = format!("could not listen on {address}: {error}"),
        }
    }
    Err(reason)
}

fn listen_on(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    socket.set_reuseaddr(true)?;
    // Accepted sockets inherit it: a client whose machine died is noticed some day.
    socket.set_keepalive(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_is_listened_on() {
        assert!(listen_addresses("127.0.0.1:0").is_ok());
        assert!(listen_addresses("[::1]:5433").is_ok());
        let error = listen_addresses("0.0.0.0:5433").unwrap_err();
        assert!(error.starts_with("refusing to listen on 0.0.0.0:5433"), "{error}");
        assert!(
            listen_addresses("127.0.0.1")
                .unwrap_err()
                .starts_with("invalid listen address")
        );
    }

    #[test]
    fn a_port_in_use_is_named() {
        let runtime = runtime().unwrap();
        let _guard = runtime.enter();
        let first = listen(&listen_addresses("127.0.0.1:0").unwrap(), "--listen").unwrap();
        let error = listen(&[first.local_addr().unwrap()], "--http").unwrap_err();
        assert!(
            error.contains("the port is in use") && error.contains("--http 127"),
            "{error}"
        );
    }
}
