//! `postgres://user@host:port/database`: which server a command talks to.

use std::path::PathBuf;

/// A server and who asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ServerUrl {
    /// Name or address.
    pub(super) host: String,
    /// Port.
    pub(super) port: u16,
    /// User.
    pub(super) user: String,
    /// Database.
    pub(super) database: String,
}

const PORT: u16 = 5433;
const DATABASE: &str = "stoa";

impl ServerUrl {
    /// Reads a URL; what is left out is user and database `stoa`, and port 5433.
    ///
    /// # Errors
    /// A sentence about what is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let wrong = |reason: &str| {
            format!("invalid --url \"{text}\": {reason}; write it as postgres://user@host:port/database")
        };
        let rest = ["postgres://", "postgresql://"]
            .iter()
            .find_map(|scheme| text.strip_prefix(scheme))
            .ok_or_else(|| wrong("it does not begin with postgres://"))?;
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        let (authority, database) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, address) = authority.rsplit_once('@').unwrap_or(("", authority));
        let user = user.split(':').next().unwrap_or_default();
        let (host, port) = match address.strip_prefix('[').and_then(|address| address.split_once(']')) {
            Some((host, port)) => (host, port.strip_prefix(':').unwrap_or_default()),
            None => address.split_once(':').unwrap_or((address, "")),
        };
        let port = match port {
            "" => PORT,
            port => port
                .parse()
                .map_err(|_| wrong("the port is no number from 1 to 65535"))?,
        };
        let or = |value: &str, default: &str| match value {
            "" => Ok(default.to_owned()),
            value => decode(value).ok_or_else(|| wrong("a % is not followed by two hexadecimal digits")),
        };
        Ok(ServerUrl {
            host: or(host, "127.0.0.1")?,
            port,
            user: or(user, DATABASE)?,
            database: or(database, DATABASE)?,
        })
    }
}

fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        if *first == b'%' {
            let (digits, after) = rest.split_first_chunk::<2>()?;
            let digits = std::str::from_utf8(digits).ok()?;
            bytes.push(u8::from_str_radix(digits, 16).ok()?);
            rest = after;
        } else {
            bytes.push(*first);
        }
    }
    String::from_utf8(bytes).ok()
}

/// Which database a command talks to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// A data directory this command opens.
    Folder(PathBuf),
    /// A running server.
    Server(ServerUrl),
}

impl Target {
    /// What the options mean.
    pub(super) fn of(options: &super::arguments::TargetOptions) -> super::Result<Self> {
        match (&options.url, &options.data) {
            (Some(url), _) => ServerUrl::parse(url)
                .map(Target::Server)
                .map_err(super::CommandError::Usage),
            (None, Some(folder)) => Ok(Target::Folder(folder.clone())),
            (None, None) => Ok(Target::Folder(PathBuf::from("./stoa-data"))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_has_defaults() {
        let url = |text| ServerUrl::parse(text).unwrap();
        let plain = url("postgres://127.0.0.1");
        assert_eq!(
            (plain.port, plain.user.as_str(), plain.database.as_str()),
            (5433, "stoa", "stoa")
        );
        let full = url("postgresql://ann%40x:secret@[::1]:7000/shop?sslmode=disable");
        assert_eq!(
            full,
            ServerUrl {
                host: "::1".into(),
                port: 7000,
                user: "ann@x".into(),
                database: "shop".into(),
            }
        );
        for wrong in ["127.0.0.1", "postgres://h:99999", "postgres://%zz@h"] {
            assert!(ServerUrl::parse(wrong).is_err(), "{wrong}");
        }
    }
}
