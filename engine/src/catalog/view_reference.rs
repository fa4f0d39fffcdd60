//! What the names in a view's query stand for. A view refers to what it reads by number, so that tables, views and columns may get
//! other names; its text stays as it was written and is shown with the names of now.

use super::CatalogState;
use super::names::quote_name;
use super::persist::ViewDefinition;
use super::relation::{Body, Relation};
use serde_json::{Value, json};
use std::sync::Arc;
use stoa_sql::catalog::{RelationInfo, TableId, TableName};

/// A name in the query of a view.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ViewReference {
    /// As written.
    pub(crate) name: TableName,
    /// The number of the relation it stands for.
    pub(crate) oid: u32,
    /// The columns it had when the view was made: names, and identities (of a view's columns their places).
    pub(crate) columns: Vec<(String, u32)>,
    /// Where it stands in the text.
    pub(crate) places: Vec<Place>,
}

/// A place of a name in the text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Place {
    /// First byte.
    pub(crate) start: u32,
    /// One past the last byte.
    pub(crate) end: u32,
    /// An alias follows.
    pub(crate) aliased: bool,
}

/// The columns of a relation by name and identity; none where it is neither a table nor a view.
pub(crate) fn identities(relation: &Relation) -> Option<Vec<(String, u32)>> {
    let columns = relation.info.columns.iter().enumerate();
    match &relation.body {
        Body::Table(table) => Some(
            table
                .schema
                .columns
                .iter()
                .map(|column| (column.name.clone(), column.id.0))
                .collect(),
        ),
        Body::View(_) => Some(
            columns
                .map(|(place, column)| (column.name.clone(), place as u32))
                .collect(),
        ),
        Body::Sequence(_) | Body::System(_) => None,
    }
}

impl ViewReference {
    pub(crate) fn to_json(&self) -> Value {
        let places: Vec<Value> = self
            .places
            .iter()
            .map(|place| json!([place.start, place.end, place.aliased]))
            .collect();
        json!({
            "schema": self.name.schema, "name": self.name.name, "oid": self.oid, "columns": self.columns, "places": places,
        })
    }

    pub(crate) fn from_json(value: &Value) -> Option<Self> {
        let number = |value: &Value| u32::try_from(value.as_u64()?).ok();
        let columns = value.get("columns")?.as_array()?.iter();
        let columns = columns.map(|column| Some((column.get(0)?.as_str()?.to_owned(), number(column.get(1)?)?)));
        let places = value.get("places")?.as_array()?.iter().map(|place| {
            Some(Place {
                start: number(place.get(0)?)?,
                end: number(place.get(1)?)?,
                aliased: place.get(2)?.as_bool()?,
            })
        });
        Some(ViewReference {
            name: TableName {
                schema: value.get("schema")?.as_str().map(str::to_owned),
                name: value.get("name")?.as_str()?.to_owned(),
            },
            oid: number(value.get("oid")?)?,
            columns: columns.collect::<Option<_>>()?,
            places: places.collect::<Option<_>>()?,
        })
    }

    /// The relation as the view reads it: columns under the names they had when the view was made, later ones out of reach.
    pub(crate) fn read(&self, relation: &Relation) -> Arc<RelationInfo> {
        let now = identities(relation).unwrap_or_default();
        if now == self.columns {
            return relation.info.clone();
        }
        let mut info = (*relation.info).clone();
        for (column, (_, identity)) in info.columns.iter_mut().zip(&now) {
            match self.columns.iter().find(|(_, known)| known == identity) {
                Some((name, _)) => column.name.clone_from(name),
                None => {
                    // No identifier has this character.
                    column.name = format!("\0{identity}");
                    column.hidden = true;
                }
            }
        }
        Arc::new(info)
    }

    /// What stands for a name in the text now, where that is something else than the name.
    fn shown(&self, relation: &Relation, aliased: bool) -> Option<String> {
        let now = identities(relation).unwrap_or_default();
        let is_named_so = relation.name() == self.name.name;
        if is_named_so && now == self.columns {
            return None;
        }
        let qualified = match self.name.schema.is_some() || relation.schema() != "public" {
            true => format!("{}.{}", quote_name(relation.schema()), quote_name(relation.name())),
            false => quote_name(relation.name()),
        };
        let mut shown = match now == self.columns {
            true => qualified,
            false => format!("(SELECT {} FROM {qualified})", self.select_list(&now)),
        };
        if !aliased {
            shown.push_str(&format!(" AS {}", quote_name(&self.name.name)));
        }
        Some(shown)
    }

    /// The columns as the view reads them.
    fn select_list(&self, now: &[(String, u32)]) -> String {
        let columns = self.columns.iter().filter_map(|(name, identity)| {
            let (name_now, _) = now.iter().find(|(_, known)| known == identity)?;
            Some(match name_now == name {
                true => quote_name(name),
                false => format!("{} AS {}", quote_name(name_now), quote_name(name)),
            })
        });
        columns.collect::<Vec<_>>().join(", ")
    }
}

impl ViewDefinition {
    /// What a name in the query stands for.
    pub(crate) fn reference(&self, name: &TableName) -> Option<&ViewReference> {
        self.references
            .as_ref()?
            .iter()
            .find(|reference| reference.name == *name)
    }

    /// The query with the names of now.
    pub(crate) fn shown_query(&self, catalog: &CatalogState) -> String {
        let mut replacements = Vec::new();
        for reference in self.references.iter().flatten() {
            let Some(relation) = catalog.by_id(TableId(reference.oid)) else {
                continue;
            };
            for place in &reference.places {
                if let Some(shown) = reference.shown(&relation, place.aliased) {
                    replacements.push((place.start as usize..place.end as usize, shown));
                }
            }
        }
        // From the end on, so that places before stay where they are.
        replacements.sort_by_key(|(place, _)| std::cmp::Reverse(place.start));
        let mut query = self.query.clone();
        for (place, shown) in replacements {
            if query.get(place.clone()).is_some() {
                query.replace_range(place, &shown);
            }
        }
        query
    }
}
