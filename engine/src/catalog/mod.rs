//! What is defined: schemas, tables, views, and the system's own tables; as the compiler asks for it, as the planner reads it, and
//! as it is kept in storage.
//!
//! In reading order: [`relation`] is what there is, [`persist`] its bytes, [`state`] all of one version, [`system`] the tables that
//! are computed; [`temporary`] what belongs to one session; [`versioned_key`] which tables keep versions of their rows;
//! [`view_reference`] what views read; [`compile`] answers the compiler, [`access`] the planner, [`facts`] the catalog functions.

mod access;
pub(crate) mod arrival;
pub(crate) mod compile;
mod facts;
pub(crate) mod names;
pub(crate) mod options;
pub(crate) mod persist;
pub(crate) mod relation;
pub(crate) mod sequence;
pub(crate) mod state;
pub(crate) mod system;
pub(crate) mod temporary;
pub(crate) mod type_functions;
pub(crate) mod type_name;
pub(crate) mod type_oid;
pub(crate) mod versioned_key;
pub(crate) mod view;
pub(crate) mod view_reference;
pub(crate) mod watermark;

pub(crate) use state::CatalogState;
