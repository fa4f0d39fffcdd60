//! What the tests share: a served Stoa as a process of its own. Holds no expectations.

mod server;

pub use server::{Server, ServerOptions, stoa_binary, workspace_root};
