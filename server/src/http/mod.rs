//! HTTP/1.1 for programs of this machine: batches of rows come in by `POST /insert/TABLE`, results go out of `POST /query`, and
//! `GET /health` tells whether the server serves.
//!
//! In reading order: `connection` speaks to a socket and decides what a request is for, after [`guard`] has looked at whether it may come
//! at all; `parameters` and `settings` read what stands beside a body. Then a request runs on a thread of its own, in a session of its
//! own: `exchange`. It takes its body from `upload` (bounded, and noticing a client that goes), is an `insert` or a `query`, and leaves
//! as an `answer`. Never looks into SQL text, and serves no pages.

mod answer;
pub(crate) mod connection;
pub(crate) mod exchange;
mod guard;
mod insert;
mod parameters;
mod query;
mod settings;
mod upload;
