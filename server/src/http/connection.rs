//! One socket that speaks HTTP/1.1: requests one after the other, each looked at by the guard, then sent where it belongs.
//!
//! A stop lets the request at work finish; whatever comes after its begin is told so.

use super::answer::{Answer, Failure, error, json, wrong_method};
use super::exchange::{self, Context};
use super::insert::Insert;
use super::query::Query;
use super::upload::drain;
use super::{guard, parameters};
use crate::limits::{HTTP_BUFFER_BYTES_MAX, HTTP_HEADER_BYTES_MAX, HTTP_HEADER_TIME_MAX_MS};
use hyper::body::Incoming;
use hyper::header::EXPECT;
use hyper::http::request::Parts;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, StatusCode, Version};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::Map;
use std::convert::Infallible;
use std::time::Duration;
use tokio::net::TcpStream;

/// Speaks with a socket until it ends.
pub(crate) async fn serve(context: Context, stream: TcpStream) {
    let mut stopping = context.registry.stopping();
    let mut is_told = *stopping.borrow_and_update();
    let answering = service_fn(move |request| answer(context.clone(), request));
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(Duration::from_millis(HTTP_HEADER_TIME_MAX_MS))
        .max_header_size(HTTP_HEADER_BYTES_MAX)
        .max_buf_size(HTTP_BUFFER_BYTES_MAX)
        .keep_alive(!is_told)
        .serve_connection(TokioIo::new(stream), answering);
    let mut connection = std::pin::pin!(connection);
    loop {
        tokio::select! {
            ended = connection.as_mut() => {
                if let Err(error) = ended {
                    tracing::debug!("an HTTP connection ended: {error}");
                }
                return;
            }
            _ = stopping.wait_for(|is_stopping| *is_stopping), if !is_told => {
                is_told = true;
                connection.as_mut().graceful_shutdown();
            }
        }
    }
}

/// What a request asks for.
enum Route {
    Health,
    Insert(Box<Insert>),
    Query(Query),
}

async fn answer(context: Context, request: Request<Incoming>) -> Result<Answer, Infallible> {
    let (parts, body) = request.into_parts();
    let waits = parts.headers.contains_key(EXPECT);
    let route = match admitted(&context, &parts).map_or_else(|| route(&parts), Err) {
        Ok(route) => route,
        Err(refusal) => {
            tokio::spawn(drain(body, waits));
            return Ok(refusal);
        }
    };
    Ok(match route {
        Route::Health => json(StatusCode::OK, Map::from_iter([("status".to_owned(), "ok".into())])),
        Route::Insert(insert) => {
            let work = Box::new(move |exchange: &mut exchange::Exchange<'_>| insert.run(exchange));
            exchange::run(context, body, waits, work).await
        }
        Route::Query(query) => {
            let work = Box::new(move |exchange: &mut exchange::Exchange<'_>| query.run(exchange));
            exchange::run(context, body, waits, work).await
        }
    })
}

/// Why a request is not even looked at; `None` where it is.
fn admitted(context: &Context, parts: &Parts) -> Option<Answer> {
    let refused = |status, state, message: &str| Some(refusal(Failure::refused(status, state, message)));
    if let Some(reason) = guard::refusal(&parts.uri, &parts.headers) {
        return refused(StatusCode::FORBIDDEN, "28000", reason);
    }
    if parts.version != Version::HTTP_11 {
        // In an older one the end of a connection can be the end of an answer.
        let status = StatusCode::HTTP_VERSION_NOT_SUPPORTED;
        return refused(status, "0A000", "only HTTP/1.1 is spoken");
    }
    context.registry.is_stopping().then(|| refusal(Failure::stopping()))
}

fn route(parts: &Parts) -> Result<Route, Answer> {
    let path = parts.uri.path();
    if path == "/health" {
        return match parts.method == Method::GET || parts.method == Method::HEAD {
            true => Ok(Route::Health),
            false => Err(wrong_method("GET, HEAD")),
        };
    }
    let table = path.strip_prefix("/insert/");
    if table.is_none() && path != "/query" {
        let message = format!("there is nothing at \"{path}\"; there are /insert/TABLE, /query and /health");
        return Err(refusal(Failure::refused(StatusCode::NOT_FOUND, "08P01", message)));
    }
    if parts.method != Method::POST {
        return Err(wrong_method("POST"));
    }
    let query = parts.uri.query().unwrap_or_default();
    let parameters = parameters::parameters(query).map_err(|reason| refusal(Failure::malformed(reason)))?;
    match table {
        Some(table) => Insert::read(table, parameters, &parts.headers).map(|insert| Route::Insert(Box::new(insert))),
        None => Query::read(parameters, &parts.headers).map(Route::Query),
    }
    .map_err(refusal)
}

fn refusal(failure: Failure) -> Answer {
    match failure {
        Failure::Refused(status, report) => error(status, &report),
        Failure::Gone => json(StatusCode::INTERNAL_SERVER_ERROR, Map::new()),
    }
}
