//! Commits as batches of a producer, which the settings `stoa.producer`, `stoa.producer_epoch` and `stoa.producer_token` name. A batch that
//! was committed before is acknowledged again, and nothing happens. A token is of one commit: it is taken out of the session with it.
//! `stoa.commit_cause` stays: it says what commits are for.

use super::session::Session;
use super::{Committed, Notice};
use crate::error::{Error, Result, SqlState};
use crate::settings::Settings;
use std::sync::Arc;
use stoa_storage::commit::CommitVersion;
use stoa_storage::ingest::Token;

const TOKEN: &str = "stoa.producer_token";

/// The producer that the settings name; empty where they name none.
pub(crate) fn producer(settings: &Settings) -> Arc<str> {
    settings.get("stoa.producer").unwrap_or_default().into()
}

/// What a session says about its next commit.
#[derive(Clone, Debug, Default)]
pub(crate) struct CommitLabel {
    /// The batch that it is.
    pub(super) token: Option<Token>,
    /// What it is for, in place of what the statement is called.
    pub(super) cause: Option<String>,
}

impl CommitLabel {
    /// As the settings have it.
    ///
    /// # Errors
    /// 22023 for a token of no producer.
    pub(super) fn of(settings: &Settings) -> Result<Self> {
        let cause = settings.get("stoa.commit_cause").filter(|cause| !cause.is_empty());
        Ok(CommitLabel {
            token: token(settings)?,
            cause,
        })
    }
}

/// The batch that the next commit is.
///
/// # Errors
/// 22023 for a token of no producer.
fn token(settings: &Settings) -> Result<Option<Token>> {
    let number = |name: &str| {
        let value = settings.get(name).unwrap_or_default();
        // The settings take numbers only.
        value.trim().parse::<u64>().ok()
    };
    let Some(token) = number(TOKEN) else { return Ok(None) };
    let producer = producer(settings);
    if producer.is_empty() {
        let error = stoa_sql::Error::new(
            SqlState::INVALID_PARAMETER_VALUE,
            "a batch with a token is of a producer",
        );
        return Err(Error::Sql(
            error.with_hint("SET stoa.producer = 'name' says of which one."),
        ));
    }
    Ok(Some(Token {
        producer,
        epoch: number("stoa.producer_epoch").unwrap_or(0),
        number: token,
    }))
}

impl Session {
    /// After a commit that was a batch, and one that was refused as such.
    ///
    /// # Errors
    /// That of the commit, unless it says that the batch was committed before.
    pub(super) fn end_batch(&mut self, token: Option<Token>, committed: Result<Option<CommitVersion>>) -> Result<()> {
        let made = |version: CommitVersion, is_repeated| Committed {
            version: version.0,
            is_repeated,
        };
        let Some(token) = token else {
            self.committed = committed?.map(|version| made(version, false));
            return Ok(());
        };
        match committed {
            Err(Error::Storage(stoa_storage::Error::RepeatedBatch { last })) => {
                self.committed = Some(made(last, true));
                let (producer, number) = (token.producer, token.number);
                self.notices.push(Notice::information(format!(
                    "batch {number} of producer \"{producer}\" was committed before, and changes nothing"
                )));
            }
            committed => self.committed = committed?.map(|version| made(version, false)),
        }
        let mut settings = (*self.settings).clone();
        settings.set(TOKEN, Some(""))?;
        self.settings = Arc::new(settings);
        Ok(())
    }
}
