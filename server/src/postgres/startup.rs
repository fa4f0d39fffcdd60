//! The greeting of a socket, on the connection's own thread: encryption is declined, a cancel request is passed on, a startup packet
//! begins a session. All of it has one deadline, so that a client that says nothing does not keep its place.

use super::message::{StartupPacket, VERSION_3_0, VERSION_3_2, take_startup_packet};
use super::report::Report;
use super::response;
use super::session;
use super::socket::Socket;
use super::stream::{Input, Output};
use crate::limits::{CONNECTION_STACK_BYTES, STARTUP_TIME_MAX_MS};
use crate::registry::Registry;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};
use stoa_engine::connection::ConnectionOptions;
use stoa_engine::database::Database;

/// What a client said about itself.
pub(super) struct Greeting {
    /// The protocol's version as asked for.
    pub(super) version: u32,
    user: String,
    database: String,
    application_name: String,
    settings: Vec<(String, String)>,
    unknown_options: Vec<String>,
}

impl Greeting {
    fn new(version: u32, parameters: Vec<(String, String)>) -> Result<Self, Report> {
        if version >> 16 != 3 {
            return Err(Report::fatal(
                "0A000",
                format!(
                    "unsupported frontend protocol {}.{}: this server supports 3.0 to 3.2",
                    version >> 16,
                    version & 0xffff
                ),
            ));
        }
        let mut greeting = Greeting {
            version,
            user: String::new(),
            database: String::new(),
            application_name: String::new(),
            settings: Vec::new(),
            unknown_options: Vec::new(),
        };
        for (name, value) in parameters {
            greeting.take(name, value)?;
        }
        if greeting.user.is_empty() {
            return Err(Report::fatal(
                "28000",
                "no PostgreSQL user name specified in startup packet",
            ));
        }
        if greeting.database.is_empty() {
            greeting.database.clone_from(&greeting.user);
        }
        Ok(greeting)
    }

    fn take(&mut self, name: String, value: String) -> Result<(), Report> {
        match name.as_str() {
            "user" => self.user = value,
            "database" => self.database = value,
            "application_name" => self.application_name = value,
            "options" => self.settings.extend(command_line_settings(&value)?),
            "replication" if !matches!(value.as_str(), "false" | "off" | "no" | "0") => {
                return Err(Report::fatal("0A000", "replication connections are not supported"));
            }
            "replication" => {}
            "client_encoding" => check_encoding(&value)?,
            name if name.starts_with("_pq_.") => self.unknown_options.push(name.to_owned()),
            _ => self.settings.push((name, value)),
        }
        Ok(())
    }

    /// What the engine is told.
    pub(super) fn connection_options(&self, process_id: i32) -> ConnectionOptions {
        ConnectionOptions {
            user: self.user.clone(),
            database: self.database.clone(),
            application_name: self.application_name.clone(),
            process_id,
            settings: self.settings.clone(),
        }
    }

    /// Says which version is spoken, where the client asked for a newer one or for options nobody knows.
    pub(super) fn negotiate(&self, out: &mut Vec<u8>) {
        if self.version > VERSION_3_2 || !self.unknown_options.is_empty() {
            let unknown_options: Vec<&str> = self.unknown_options.iter().map(String::as_str).collect();
            let version = self.version.clamp(VERSION_3_0, VERSION_3_2);
            response::negotiate_protocol_version(out, version, &unknown_options);
        }
    }
}

/// All text is UTF-8. `SQL_ASCII` asks for no conversion at all, which is the same.
fn check_encoding(name: &str) -> Result<(), Report> {
    let plain: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    if ["UTF8", "UNICODE", "SQLASCII", "AUTO"].contains(&plain.to_ascii_uppercase().as_str()) {
        return Ok(());
    }
    let mut report = Report::fatal("0A000", format!("client encoding \"{name}\" is not supported"));
    report.hint = Some("set the client's encoding to UTF8".into());
    Err(report)
}

/// `-c name=value` and `--name=value`, with backslashes before blanks inside a value.
fn command_line_settings(options: &str) -> Result<Vec<(String, String)>, Report> {
    let mut settings = Vec::new();
    let mut words = split_words(options).into_iter();
    while let Some(word) = words.next() {
        let setting = match (word.strip_prefix("--"), word.strip_prefix("-c")) {
            (Some(setting), _) => Some(setting.to_owned()),
            (None, Some("")) => words.next(),
            (None, Some(setting)) => Some(setting.to_owned()),
            (None, None) => None,
        };
        let Some((name, value)) = setting.as_deref().and_then(|setting| setting.split_once('=')) else {
            return Err(Report::fatal(
                "42601",
                format!("invalid command-line argument in startup options: {word}"),
            ));
        };
        settings.push((name.trim().replace('-', "_"), value.to_owned()));
    }
    Ok(settings)
}

fn split_words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let word = match character {
            '\\' => characters.next(),
            blank if blank.is_ascii_whitespace() => None,
            other => Some(other),
        };
        match (word, words.last_mut()) {
            (Some(character), Some(last)) => last.push(character),
            _ => words.push(String::new()),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Speaks with a connected socket on a thread of its own, until either side ends; `place` is held that long. Never waits.
///
/// # Errors
/// The socket cannot be used, or there is no thread for it; its client has been told.
pub(crate) fn serve<P: Send + 'static>(
    database: Arc<Database>,
    registry: Arc<Registry>,
    descriptor: OwnedFd,
    place: P,
) -> std::io::Result<()> {
    let socket = Arc::new(Socket::new(descriptor)?);
    let served = Arc::clone(&socket);
    let thread = std::thread::Builder::new()
        .name("connection".into())
        .stack_size(CONNECTION_STACK_BYTES)
        .spawn(move || {
            let _place = place;
            begin(&database, &registry, &served);
            served.finish();
        });
    if let Err(error) = &thread {
        let message = format!("could not start a thread for the connection: {error}");
        refuse(&mut Output::new(socket), Report::fatal("53000", message));
    }
    thread.map(|_| ())
}

/// Greets the client and runs its session.
fn begin(database: &Arc<Database>, registry: &Arc<Registry>, socket: &Arc<Socket>) {
    let (mut input, mut output) = (Input::new(Arc::clone(socket)), Output::new(Arc::clone(socket)));
    let deadline = Instant::now() + Duration::from_millis(STARTUP_TIME_MAX_MS);
    match greet(registry, &mut input, &mut output, deadline) {
        Ok(Some(greeting)) => session::run(database, registry, &greeting, socket, (input, output)),
        Ok(None) => {}
        Err(report) => refuse(&mut output, report),
    }
}

fn refuse(output: &mut Output, report: Report) {
    response::error(&mut output.buffer, &report.into_fatal());
    let _ = output.flush_while(|| false);
}

/// Reads packets up to the startup packet. `None` where that was all: a cancel request, or the client has gone or says nothing.
fn greet(
    registry: &Registry,
    input: &mut Input,
    output: &mut Output,
    deadline: Instant,
) -> Result<Option<Greeting>, Report> {
    loop {
        let packet = take_startup_packet(&mut input.buffer).map_err(|error| Report::decode(&error))?;
        match packet {
            Some(StartupPacket::SslRequest | StartupPacket::GssRequest) => {
                output.buffer.push(b'N');
                if output.flush_while(|| Instant::now() < deadline).is_err() {
                    return Ok(None);
                }
            }
            Some(StartupPacket::Cancel { process_id, secret_key }) => {
                registry.cancel(process_id, &secret_key);
                return Ok(None);
            }
            Some(StartupPacket::Startup { version, parameters }) => {
                return Greeting::new(version, parameters).map(Some);
            }
            None if !matches!(input.read_until(deadline), Ok(1..)) => return Ok(None),
            None => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_are_split_like_a_command_line() {
        let settings = command_line_settings(r"-c statement_timeout=5s --search-path=a\ b -cDateStyle=ISO").unwrap();
        let settings: Vec<(&str, &str)> = settings
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        assert_eq!(
            settings,
            [
                ("statement_timeout", "5s"),
                ("search_path", "a b"),
                ("DateStyle", "ISO")
            ]
        );
        assert!(command_line_settings("-x 1").is_err());
    }

    #[test]
    fn a_startup_needs_version_3_and_a_user() {
        let user = || vec![("user".to_owned(), "ann".to_owned())];
        assert!(Greeting::new(2 << 16, user()).is_err());
        assert!(Greeting::new(VERSION_3_0, Vec::new()).is_err());
        let greeting = Greeting::new(VERSION_3_0, user()).unwrap();
        assert_eq!(greeting.database, "ann");
        let mut out = Vec::new();
        greeting.negotiate(&mut out);
        assert!(out.is_empty());
        let greeting = Greeting::new((3 << 16) | 9999, user()).unwrap();
        greeting.negotiate(&mut out);
        assert_eq!(out[5..9], VERSION_3_2.to_be_bytes());
    }

    #[test]
    fn only_utf8_is_spoken() {
        assert!(check_encoding("utf-8").is_ok());
        assert!(check_encoding("SQL_ASCII").is_ok());
        assert_eq!(check_encoding("LATIN1").unwrap_err().state, "0A000");
    }
}
