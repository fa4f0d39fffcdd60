//! What the tests share: a served Stoa as a process of its own, its other commands, and rows as texts. Holds no expectations.

mod command;
mod random;
mod server;
mod texts;

pub use command::{Ended, run_stoa};
pub use random::Random;
pub use server::{Server, ServerOptions, stoa_binary, workspace_root};
pub use texts::read_texts;
