//! The server of Stoa: the Postgres wire and the command line around `stoa-engine`.
//!
//! The only async crate, and only for sockets, timers and signals: statements run on threads. Never looks into SQL text. In
//! reading order: [`cli`] is what a person runs, [`listen`] accepts connections and stops them, [`postgres`] speaks to clients,
//! [`limits`] bounds it all.

pub mod cli;
pub mod limits;
pub mod listen;
pub mod postgres;
