//! The real binary, served on a port of its own, killed as hard as a test wants.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// How long a server may take to say where it listens.
const START_SECONDS_MAX: u64 = 60;

/// The workspace's root folder.
pub fn workspace_root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("the tests lie in the workspace")
}

/// The `stoa` binary of the profile that the tests were built in, brought up to date once.
pub fn stoa_binary() -> &'static Path {
    static BINARY: OnceLock<PathBuf> = OnceLock::new();
    BINARY.get_or_init(|| {
        let test = std::env::current_exe().expect("a test knows its own path");
        let profile = test
            .parent()
            .and_then(Path::parent)
            .expect("tests are built into target/PROFILE/deps");
        let mut build = Command::new(env!("CARGO"));
        build
            .current_dir(workspace_root())
            // With the features that the workspace's tests have, so that no dependency is built a second time.
            .args(["build", "--quiet", "--workspace", "--bins", "--tests"]);
        if profile.file_name().is_some_and(|name| name == "release") {
            build.arg("--release");
        }
        let target = profile.parent().expect("a profile lies in the target folder");
        build.arg("--target-dir").arg(target);
        assert!(build.status().expect("cargo starts").success(), "the binary builds");
        profile.join("stoa")
    })
}

/// How a server is started.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Its data directory.
    pub data: PathBuf,
    /// Further arguments of `stoa serve`.
    pub arguments: Vec<String>,
}

/// A running server; killed when dropped.
#[derive(Debug)]
pub struct Server {
    child: Child,
    port: u16,
    http_port: Option<u16>,
}

impl Server {
    /// Starts a server and waits until it listens.
    ///
    /// # Panics
    /// Where it does not come up.
    pub fn start(options: &ServerOptions) -> Server {
        Server::start_saying(options, Stdio::inherit())
    }

    /// Starts a server whose log goes to a file.
    ///
    /// # Panics
    /// As [`Server::start`].
    pub fn start_logging(options: &ServerOptions, log: &Path) -> Server {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(log);
        Server::start_saying(options, log.expect("the log can be written").into())
    }

    fn start_saying(options: &ServerOptions, errors: Stdio) -> Server {
        let mut child = Command::new(stoa_binary())
            .arg("serve")
            .arg("--data")
            .arg(&options.data)
            .args(["--listen", "127.0.0.1:0"])
            .args(&options.arguments)
            .stdout(Stdio::piped())
            .stderr(errors)
            .spawn()
            .expect("the server starts");
        let stdout = child.stdout.take().expect("its output is piped");
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                // Read to the end, so that the server never waits for a full pipe.
                let _ = sender.send(line);
            }
        });
        let deadline = Instant::now() + Duration::from_secs(START_SECONDS_MAX);
        let speaks_http = options.arguments.iter().any(|argument| argument == "--http");
        let mut port = None;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let line = receiver.recv_timeout(left);
            let Ok(line) = line else {
                let _ = child.kill();
                let _ = child.wait();
                panic!("the server did not say where it listens: {line:?}");
            };
            port = port.or_else(|| port_of(&line));
            let http_port = http_port_of(&line);
            if let Some(port) = port.filter(|_| http_port.is_some() || !speaks_http) {
                return Server { child, port, http_port };
            }
        }
    }

    /// Lets it live until this process ends; it is killed then, so that nobody waits for its output.
    pub fn keep_until_exit(self) -> Server {
        use std::sync::atomic::{AtomicI32, Ordering};
        static KEPT: AtomicI32 = AtomicI32::new(0);
        extern "C" fn kill_kept() {
            // SAFETY: a signal to a child that this process has not waited for.
            unsafe { libc::kill(KEPT.load(Ordering::Relaxed), libc::SIGKILL) };
        }
        let former = KEPT.swap(self.child.id() as i32, Ordering::Relaxed);
        assert_eq!(former, 0, "one server is kept per process");
        // SAFETY: registers a function that only sends a signal.
        unsafe { libc::atexit(kill_kept) };
        self
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The port of HTTP, where `--http` is among the arguments.
    ///
    /// # Panics
    /// Where it is not.
    pub fn http_port(&self) -> u16 {
        self.http_port.expect("the server speaks HTTP")
    }

    /// The process.
    pub fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// How a client connects.
    pub fn connection_string(&self) -> String {
        format!("host=127.0.0.1 port={} user=stoa dbname=stoa", self.port)
    }

    /// A connection.
    ///
    /// # Panics
    /// Where it is refused.
    pub fn connect(&self) -> postgres::Client {
        postgres::Client::connect(&self.connection_string(), postgres::NoTls).expect("the server takes the connection")
    }

    /// Ends it at once, as a crash would.
    pub fn kill(mut self) {
        self.child.kill().expect("the server can be killed");
        self.child.wait().expect("the server ends");
    }

    /// Asks it to stop.
    pub fn begin_stop(&self) {
        // SAFETY: a signal to a child that has not been waited for.
        let sent = unsafe { libc::kill(self.child.id() as libc::pid_t, libc::SIGTERM) };
        assert_eq!(sent, 0, "the server can be signalled");
    }

    /// Asks it to stop, and waits until it has.
    ///
    /// # Panics
    /// Where it ends with an error.
    pub fn stop(mut self) {
        self.begin_stop();
        let status = self.child.wait().expect("the server ends");
        assert!(status.success(), "the server stopped with {status}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The port in `curl http://127.0.0.1:8123/health`.
fn http_port_of(line: &str) -> Option<u16> {
    let (_, after) = line.split_once("http://")?;
    let (address, _) = after.split_once('/')?;
    address.rsplit_once(':')?.1.parse().ok()
}

/// The port in `Stoa 0.1.0 serves "…" on 127.0.0.1:5433. …`.
fn port_of(line: &str) -> Option<u16> {
    let (_, after) = line.rsplit_once(" on ")?;
    let address = after.split_whitespace().next()?.trim_end_matches('.');
    address.rsplit_once(':')?.1.parse().ok()
}
