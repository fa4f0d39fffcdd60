//! How a session in Rust says what came out: the same lines as `sessions/checks.py`.

use std::fmt::Debug;
use std::future::Future;

/// What a check ends with.
pub type Outcome = Result<(), Box<dyn std::error::Error>>;

/// Prints a check's line.
pub async fn check(name: &str, action: impl Future<Output = Outcome>) {
    match action.await {
        Ok(()) => println!("ok {name}"),
        Err(error) => {
            let why = format!("{error}").split_whitespace().collect::<Vec<_>>().join(" ");
            println!("not ok {name} # {why}");
        }
    }
}

/// Fails where two values are not the same.
pub fn equal<T: PartialEq + Debug>(actual: T, expected: T) -> Outcome {
    if actual == expected {
        Ok(())
    } else {
        Err(format!("{actual:?} instead of {expected:?}").into())
    }
}

/// A query that never ends by itself.
pub const LONG: &str = "SELECT count(*) FROM generate_series(1, 100000000000)";

/// Where the server listens, as libpq's variables tell.
pub fn url() -> String {
    let value = |name: &str| std::env::var(name).unwrap_or_default();
    format!(
        "postgresql://{}@{}:{}/{}",
        value("PGUSER"),
        value("PGHOST"),
        value("PGPORT"),
        value("PGDATABASE")
    )
}
