//! What the tests share: a served Stoa as a process of its own, and its other commands. Holds no expectations.

mod command;
mod server;

pub use command::{Ended, run_stoa};
pub use server::{Server, ServerOptions, stoa_binary, workspace_root};
