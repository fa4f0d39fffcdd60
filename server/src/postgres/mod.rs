//! The Postgres protocol, versions 3.0 and 3.2: bytes of a socket in, statements of a connection out, and back.
//!
//! In reading order: [`message`] decodes what a client sends and [`response`] encodes what it gets (both pure), `startup` greets
//! on the connection's thread, then `session` runs on it: `simple_query`, `extended_query` with `portal`s, and `copy`.
//! `row_encoder` turns batches into rows of bytes, `parameter` turns bound bytes into literals, [`types`] knows the numbers of
//! types, `report` turns errors into fields, `stream` carries messages and `socket` bytes between client and thread. Nothing here looks
//! into SQL text.

mod copy;
mod extended_query;
pub mod message;
mod parameter;
mod portal;
pub mod report;
pub mod response;
mod row_encoder;
mod session;
mod simple_query;
mod socket;
pub(crate) mod startup;
mod stream;
pub mod types;
