//! The server of Stoa: the Postgres wire, HTTP and the command line around `stoa-engine`.
//!
//! The only async crate, and only for sockets, timers and signals: statements run on threads. Never looks into SQL text. In
//! reading order: [`cli`] is what a person runs, [`listen`] accepts connections and stops them, [`postgres`] and [`http`] speak to
//! clients, `registry` knows who can be cancelled and stopped, [`limits`] bounds it all.

pub mod cli;
pub mod http;
pub mod limits;
pub mod listen;
pub mod postgres;
mod registry;
