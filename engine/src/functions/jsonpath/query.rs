//! What a path is asked of a document: whether it finds something, what, and what it says as a condition.

use super::error::{Failure, SINGLETON_REQUIRED};
use super::evaluate::Search;
use super::found::Found;
use super::item::{Item, Json};
use super::path::Path;
use super::predicate::Truth;
use crate::error::{Error, Result, SqlState};
use crate::functions::StatementContext;
use crate::functions::scalar::json::document::Kind;

/// What is asked: the path, the document, and how.
#[derive(Clone, Copy)]
pub(crate) struct Query<'d> {
    pub(crate) path: &'d Path,
    pub(crate) document: &'d str,
    /// An object with the values of `$name`; without one all are null.
    pub(crate) variables: Option<&'d str>,
    /// Values that are not what a step needs are no error.
    pub(crate) silent: bool,
    /// Dates and times may be compared by the session's time zone.
    pub(crate) zoned: bool,
    pub(crate) statement: &'d StatementContext,
}

impl<'d> Query<'d> {
    /// Whether anything is found; `None` where an error was passed over.
    ///
    /// # Errors
    /// What the document has wrong, unless that is silent; 22023 and 42704 for variables that are none.
    pub(crate) fn exists(&self) -> Result<Option<bool>> {
        let mut search = self.search()?;
        // In strict mode all values must be found without an error.
        let mut found = if self.path.lax { Found::any() } else { Found::all() };
        let outcome = search.run(self.path, &mut found);
        let is_there = self.passed_over(outcome)?;
        Ok(is_there.map(|is_there| if self.path.lax { is_there } else { !found.is_empty() }))
    }

    /// Appends every value found to `each`, as jsonb; where an error is passed over, those before it.
    ///
    /// # Errors
    /// As [`Self::exists`].
    pub(crate) fn for_each(&self, mut each: impl FnMut(&str)) -> Result<()> {
        let mut search = self.search()?;
        let mut found = Found::all();
        let outcome = search.run(self.path, &mut found);
        self.passed_over(outcome)?;
        let mut text = String::new();
        for item in found.into_items() {
            text.clear();
            item.write(&mut text);
            each(&text);
        }
        Ok(())
    }

    /// What the path says as a condition.
    ///
    /// # Errors
    /// As [`Self::exists`]; 22038 where it is none.
    pub(crate) fn matches(&self) -> Result<Truth> {
        let mut search = self.search()?;
        let mut found = Found::all();
        let outcome = search.run(self.path, &mut found);
        self.passed_over(outcome)?;
        if let [Item::Json(only)] = found.into_items().as_slice() {
            match only.kind() {
                Kind::Boolean => return Ok(Some(only.text() == "true")),
                Kind::Null => return Ok(None),
                _ => {}
            }
        }
        match self.silent {
            true => Ok(None),
            false => Err(Error::user(SINGLETON_REQUIRED, "single boolean result is expected")),
        }
    }

    fn search(&self) -> Result<Search<'d, 'd>> {
        if self
            .variables
            .is_some_and(|variables| Kind::of(variables) != Kind::Object)
        {
            let error = stoa_sql::Error::new(SqlState::INVALID_PARAMETER_VALUE, "\"vars\" argument is not an object")
                .with_detail("Jsonpath parameters should be encoded as key-value pairs of \"vars\" object.");
            return Err(error.into());
        }
        let variables = self.variables.map(|variables| Json::given(variables, 1));
        let mut search = Search::new(self.path.lax, Json::given(self.document, 0), variables, self.statement);
        search.throws = !self.silent;
        search.zone = self.zoned.then_some(self.statement);
        Ok(search)
    }

    fn passed_over(&self, outcome: Result<bool, Failure>) -> Result<Option<bool>> {
        match outcome {
            Ok(is_there) => Ok(Some(is_there)),
            Err(Failure::Item(_)) if self.silent => Ok(None),
            Err(failure) => Err(failure.into_error()),
        }
    }
}
