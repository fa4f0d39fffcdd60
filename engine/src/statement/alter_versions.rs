//! ALTER TABLE of tables with `history = 'scd2'`: rows that are there become versions only where they are such already, and what says
//! which version is valid when stays as it is. Never writes rows.

use super::alter_table::Altered;
use super::versions_of_key::check_versions;
use crate::catalog::versioned_key::versioned_key;
use crate::error::{Error, Result, SqlState};
use stoa_sql::catalog::VersionedKey;
use stoa_storage::commit::Change;

impl Altered<'_> {
    /// The versions that the table keeps on its way.
    pub(super) fn versions(&self) -> Result<Option<VersionedKey>> {
        versioned_key(&self.schema, &self.definition.options)
    }

    /// Whether a column is of the versions' key or their period.
    pub(super) fn is_of_versions(&self, name: &str) -> Result<bool> {
        let Some(versions) = self.versions()? else {
            return Ok(false);
        };
        let mut places = versions
            .columns
            .into_iter()
            .chain([versions.valid_from, versions.valid_to]);
        Ok(places.any(|place| self.schema.columns.get(place).is_some_and(|column| column.name == name)))
    }

    /// Refuses to change what a period is.
    ///
    /// # Errors
    /// 0A000
    pub(super) fn refuse_period(&self, name: &str, change: &str) -> Result<()> {
        let Some(versions) = self.versions()? else {
            return Ok(());
        };
        let is_it = |place: usize| self.schema.columns.get(place).is_some_and(|column| column.name == name);
        match is_it(versions.valid_from) || is_it(versions.valid_to) {
            true => Err(refused(name, change)),
            false => Ok(()),
        }
    }

    /// Refuses a key or beginning that may be NULL, and an end that may not.
    ///
    /// # Errors
    /// 0A000
    pub(super) fn refuse_nullability(&self, name: &str, nullable: bool) -> Result<()> {
        let Some(versions) = self.versions()? else {
            return Ok(());
        };
        let ends = self
            .schema
            .columns
            .get(versions.valid_to)
            .is_some_and(|column| column.name == name);
        match self.is_of_versions(name)? && ends != nullable {
            true => Err(refused(name, "be changed in whether it may be NULL")),
            false => Ok(()),
        }
    }

    /// The rows of a table that is to keep versions from now on, or by another key, must be versions.
    pub(super) fn begin_versions(&mut self) -> Result<()> {
        let Some(versions) = self.versions()? else {
            return Ok(());
        };
        let named = |places: &[usize]| -> Vec<String> {
            let columns = places.iter().filter_map(|place| self.schema.columns.get(*place));
            columns.map(|column| column.name.clone()).collect()
        };
        let mut present = versions.columns.clone();
        present.push(versions.valid_from);
        let (present, ends) = (named(&present), named(&[versions.valid_to]));
        if self.relation.info.versions.as_ref() == Some(&versions) {
            return Ok(());
        }
        for name in present {
            if !self.column(&name)?.nullable {
                continue;
            }
            self.set_nullable(&name, false)?;
        }
        for name in ends {
            self.column(&name)?.nullable = true;
        }
        let begins = self.schema.columns.get(versions.valid_from).map(|column| column.id.0);
        let mut columns = self.definition.columns.iter_mut();
        if let Some(column) = columns.find(|column| Some(column.id) == begins) {
            column.default.get_or_insert_with(|| "now()".to_owned());
        }
        if !self.has_rows() {
            self.changes.push(Change::NoRowsSince(self.schema.id));
            return Ok(());
        }
        if self.schema.columns.len() != self.relation.info.columns.len() {
            let error = stoa_sql::Error::new(
                SqlState::FEATURE_NOT_SUPPORTED,
                "history = 'scd2' in the statement that adds or drops columns of a table with rows is not supported",
            );
            return Err(Error::Sql(
                error.with_hint("Change the columns first, in a statement of its own."),
            ));
        }
        check_versions(self.run, self.relation, &versions)?;
        self.changes.push(Change::NoRowsSince(self.schema.id));
        Ok(())
    }
}

/// That a column of a table with versions cannot be changed so.
pub(super) fn refused(name: &str, change: &str) -> Error {
    let error = stoa_sql::Error::new(
        SqlState::FEATURE_NOT_SUPPORTED,
        format!("column \"{name}\" of a table with history = 'scd2' cannot {change}"),
    );
    Error::Sql(error.with_hint("Take the option out first: ALTER TABLE .. SET (history = '', key = '')."))
}
