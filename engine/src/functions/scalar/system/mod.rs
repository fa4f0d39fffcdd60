//! Functions about the server, the session and the catalog: what clients, drivers and tools ask. Nothing is looked up here; the
//! session knows ([`crate::functions::SessionFacts`]).

mod advisory_lock;
mod backend;
mod comment;
mod completeness;
mod definition;
mod encoding;
mod fact;
mod format_type;
mod object_name;
mod privilege;
mod sequence;
mod session;
mod setting;
mod size;
mod size_text;
#[cfg(test)]
mod testing;
mod type_of;
mod updatable;
mod visible;

use crate::functions::ScalarFunction;

pub(super) const FUNCTIONS: &[&ScalarFunction] = &[
    &comment::COL_DESCRIPTION,
    &completeness::EVENT_FINAL_UNTIL,
    &completeness::EVENT_WATERMARK,
    &completeness::SNAPSHOT_VERSION,
    &session::CURRENT_CATALOG,
    &session::CURRENT_DATABASE,
    &session::CURRENT_SCHEMA,
    &session::CURRENT_SCHEMAS,
    &setting::CURRENT_SETTING,
    &session::CURRENT_USER,
    &sequence::CURRVAL,
    &sequence::LASTVAL,
    &sequence::NEXTVAL,
    &sequence::PG_SEQUENCE_LAST_VALUE,
    &sequence::SETVAL,
    &format_type::FORMAT_TYPE,
    &encoding::GETDATABASEENCODING,
    &privilege::HAS_ANY_COLUMN_PRIVILEGE,
    &privilege::HAS_COLUMN_PRIVILEGE,
    &privilege::HAS_DATABASE_PRIVILEGE,
    &privilege::HAS_FUNCTION_PRIVILEGE,
    &privilege::HAS_SCHEMA_PRIVILEGE,
    &privilege::HAS_SEQUENCE_PRIVILEGE,
    &privilege::HAS_TABLE_PRIVILEGE,
    &privilege::HAS_TYPE_PRIVILEGE,
    &session::INET_CLIENT_ADDR,
    &session::INET_CLIENT_PORT,
    &session::INET_SERVER_ADDR,
    &session::INET_SERVER_PORT,
    &comment::OBJ_DESCRIPTION,
    &advisory_lock::PG_ADVISORY_LOCK,
    &advisory_lock::PG_ADVISORY_LOCK_SHARED,
    &advisory_lock::PG_ADVISORY_UNLOCK,
    &advisory_lock::PG_ADVISORY_UNLOCK_ALL,
    &advisory_lock::PG_ADVISORY_UNLOCK_SHARED,
    &advisory_lock::PG_ADVISORY_XACT_LOCK,
    &advisory_lock::PG_ADVISORY_XACT_LOCK_SHARED,
    &advisory_lock::PG_TRY_ADVISORY_LOCK,
    &advisory_lock::PG_TRY_ADVISORY_LOCK_SHARED,
    &advisory_lock::PG_TRY_ADVISORY_XACT_LOCK,
    &advisory_lock::PG_TRY_ADVISORY_XACT_LOCK_SHARED,
    &backend::PG_BACKEND_PID,
    &backend::PG_CANCEL_BACKEND,
    &encoding::PG_CHAR_TO_ENCODING,
    &encoding::PG_CLIENT_ENCODING,
    &visible::PG_COLLATION_IS_VISIBLE,
    &session::PG_CONF_LOAD_TIME,
    &visible::PG_CONVERSION_IS_VISIBLE,
    &size::PG_DATABASE_SIZE,
    &encoding::PG_ENCODING_TO_CHAR,
    &backend::PG_EXPORT_SNAPSHOT,
    &visible::PG_FUNCTION_IS_VISIBLE,
    &definition::PG_GET_CONSTRAINTDEF,
    &definition::PG_GET_EXPR,
    &definition::PG_GET_FUNCTION_ARGUMENTS,
    &definition::PG_GET_FUNCTION_IDENTITY_ARGUMENTS,
    &definition::PG_GET_FUNCTION_RESULT,
    &definition::PG_GET_FUNCTION_SQLBODY,
    &definition::PG_GET_FUNCTIONDEF,
    &definition::PG_GET_INDEXDEF,
    &definition::PG_GET_PARTKEYDEF,
    &definition::PG_GET_RULEDEF,
    &definition::PG_GET_SERIAL_SEQUENCE,
    &definition::PG_GET_STATISTICSOBJDEF_COLUMNS,
    &definition::PG_GET_TRIGGERDEF,
    &object_name::PG_GET_USERBYID,
    &definition::PG_GET_VIEWDEF,
    &privilege::PG_HAS_ROLE,
    &size::PG_INDEXES_SIZE,
    &session::PG_IS_IN_RECOVERY,
    &session::PG_IS_OTHER_TEMP_SCHEMA,
    &session::PG_MY_TEMP_SCHEMA,
    &visible::PG_OPCLASS_IS_VISIBLE,
    &visible::PG_OPERATOR_IS_VISIBLE,
    &visible::PG_OPFAMILY_IS_VISIBLE,
    &session::PG_POSTMASTER_START_TIME,
    &visible::PG_RELATION_IS_PUBLISHABLE,
    &updatable::PG_RELATION_IS_UPDATABLE,
    &updatable::PG_COLUMN_IS_UPDATABLE,
    &size::PG_RELATION_SIZE,
    &size_text::PG_SIZE_BYTES,
    &size_text::PG_SIZE_PRETTY,
    &backend::PG_SLEEP,
    &size::PG_STAT_GET_NUMSCANS,
    &visible::PG_STATISTICS_OBJ_IS_VISIBLE,
    &definition::PG_TABLESPACE_LOCATION,
    &size::PG_TABLESPACE_SIZE,
    &visible::PG_TABLE_IS_VISIBLE,
    &size::PG_TABLE_SIZE,
    &backend::PG_TERMINATE_BACKEND,
    &size::PG_TOTAL_RELATION_SIZE,
    &visible::PG_TS_CONFIG_IS_VISIBLE,
    &visible::PG_TS_DICT_IS_VISIBLE,
    &visible::PG_TS_PARSER_IS_VISIBLE,
    &visible::PG_TS_TEMPLATE_IS_VISIBLE,
    &visible::PG_TYPE_IS_VISIBLE,
    &type_of::PG_TYPEOF,
    &session::SESSION_USER,
    &setting::SET_CONFIG,
    &comment::SHOBJ_DESCRIPTION,
    &object_name::TO_REGCLASS,
    &object_name::TO_REGNAMESPACE,
    &object_name::TO_REGPROC,
    &object_name::TO_REGTYPE,
    &session::TXID_CURRENT,
    &session::VERSION,
];
