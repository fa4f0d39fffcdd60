//! Tables of Postgres's catalog that have no rows here, because Stoa has no such things: indexes, constraints, triggers, roles'
//! memberships, replication. Clients ask them all the same, by these columns.

use super::{Rows, SystemTable, columns_of};
use crate::catalog::state::{INFORMATION_SCHEMA, PG_CATALOG};

/// A table without rows: its schema, name, number, and its columns as `name type, ..`.
macro_rules! empty {
    ($schema:expr, $name:literal, $oid:literal, $columns:literal) => {
        &SystemTable {
            schema: $schema,
            name: $name,
            oid: $oid,
            columns: || columns_of($columns),
            rows: |_| Rows::new(columns_of($columns)).finish(),
        }
    };
}

#[rustfmt::skip]
pub(super) const TABLES: &[&SystemTable] = &[
    empty!(PG_CATALOG, "pg_aggregate", 2600,
    "aggfnoid regproc, aggkind \"char\", aggnumdirectargs smallint, aggtransfn regproc, \
     aggfinalfn regproc, aggcombinefn regproc, aggserialfn regproc, aggdeserialfn regproc, \
     aggmtransfn regproc, aggminvtransfn regproc, aggmfinalfn regproc, aggfinalextra boolean, \
     aggmfinalextra boolean, aggfinalmodify \"char\", aggmfinalmodify \"char\", aggsortop oid, \
     aggtranstype oid, aggtransspace integer, aggmtranstype oid, aggmtransspace integer, \
     agginitval text, aggminitval text"),
    empty!(PG_CATALOG, "pg_amop", 2602,
    "oid oid, amopfamily oid, amoplefttype oid, amoprighttype oid, amopstrategy smallint, \
     amoppurpose \"char\", amopopr oid, amopmethod oid, amopsortfamily oid"),
    empty!(PG_CATALOG, "pg_amproc", 2603,
    "oid oid, amprocfamily oid, amproclefttype oid, amprocrighttype oid, amprocnum smallint, \
     amproc regproc"),
    empty!(PG_CATALOG, "pg_auth_members", 1261,
    "roleid oid, member oid, grantor oid, admin_option boolean"),
    empty!(PG_CATALOG, "pg_available_extensions", 12201,
    "name name, default_version text, installed_version text, comment text"),
    empty!(PG_CATALOG, "pg_conversion", 2607,
    "oid oid, conname name, connamespace oid, conowner oid, conforencoding integer, \
     contoencoding integer, conproc regproc, condefault boolean"),
    empty!(PG_CATALOG, "pg_db_role_setting", 2964,
    "setdatabase oid, setrole oid, setconfig text[]"),
    empty!(PG_CATALOG, "pg_default_acl", 826,
    "oid oid, defaclrole oid, defaclnamespace oid, defaclobjtype \"char\", defaclacl text[]"),
    empty!(PG_CATALOG, "pg_enum", 3501,
    "oid oid, enumtypid oid, enumsortorder real, enumlabel name"),
    empty!(PG_CATALOG, "pg_event_trigger", 3466,
    "oid oid, evtname name, evtevent name, evtowner oid, evtfoid oid, evtenabled \"char\", \
     evttags text[]"),
    empty!(PG_CATALOG, "pg_extension", 3079,
    "oid oid, extname name, extowner oid, extnamespace oid, extrelocatable boolean, extversion text, \
     extconfig oid[], extcondition text[]"),
    empty!(PG_CATALOG, "pg_file_settings", 12203,
    "sourcefile text, sourceline integer, seqno integer, name text, setting text, applied boolean, \
     error text"),
    empty!(PG_CATALOG, "pg_foreign_data_wrapper", 2328,
    "oid oid, fdwname name, fdwowner oid, fdwhandler oid, fdwvalidator oid, fdwacl text[], \
     fdwoptions text[]"),
    empty!(PG_CATALOG, "pg_foreign_server", 1417,
    "oid oid, srvname name, srvowner oid, srvfdw oid, srvtype text, srvversion text, srvacl text[], \
     srvoptions text[]"),
    empty!(PG_CATALOG, "pg_foreign_table", 3118,
    "ftrelid oid, ftserver oid, ftoptions text[]"),
    empty!(PG_CATALOG, "pg_inherits", 2611,
    "inhrelid oid, inhparent oid, inhseqno integer, inhdetachpending boolean"),
    empty!(PG_CATALOG, "pg_init_privs", 3394,
    "objoid oid, classoid oid, objsubid integer, privtype \"char\", initprivs text[]"),
    empty!(PG_CATALOG, "pg_largeobject_metadata", 2995,
    "oid oid, lomowner oid, lomacl text[]"),
    empty!(PG_CATALOG, "pg_opclass", 2616,
    "oid oid, opcmethod oid, opcname name, opcnamespace oid, opcowner oid, opcfamily oid, \
     opcintype oid, opcdefault boolean, opckeytype oid"),
    empty!(PG_CATALOG, "pg_opfamily", 2753,
    "oid oid, opfmethod oid, opfname name, opfnamespace oid, opfowner oid"),
    empty!(PG_CATALOG, "pg_partitioned_table", 3350,
    "partrelid oid, partstrat \"char\", partnatts smallint, partdefid oid, partattrs int2vector, \
     partclass oidvector, partcollation oidvector, partexprs text"),
    empty!(PG_CATALOG, "pg_policies", 12208,
    "schemaname name, tablename name, policyname name, permissive text, roles name[], cmd text, \
     qual text, with_check text"),
    empty!(PG_CATALOG, "pg_policy", 3256,
    "oid oid, polname name, polrelid oid, polcmd \"char\", polpermissive boolean, polroles oid[], \
     polqual text, polwithcheck text"),
    empty!(PG_CATALOG, "pg_prepared_statements", 12209,
    "name text, statement text, prepare_time timestamp with time zone, parameter_types text[], \
     from_sql boolean, generic_plans bigint, custom_plans bigint"),
    empty!(PG_CATALOG, "pg_prepared_xacts", 12210,
    "transaction oid, gid text, prepared timestamp with time zone, owner name, database name"),
    empty!(PG_CATALOG, "pg_publication", 6104,
    "oid oid, pubname name, pubowner oid, puballtables boolean, pubinsert boolean, pubupdate boolean, \
     pubdelete boolean, pubtruncate boolean, pubviaroot boolean"),
    empty!(PG_CATALOG, "pg_publication_namespace", 6237,
    "oid oid, pnpubid oid, pnnspid oid"),
    empty!(PG_CATALOG, "pg_publication_rel", 6106,
    "oid oid, prpubid oid, prrelid oid, prqual text, prattrs smallint[]"),
    empty!(PG_CATALOG, "pg_publication_tables", 12211,
    "pubname name, schemaname name, tablename name, attnames name[], rowfilter text"),
    empty!(PG_CATALOG, "pg_range", 3541,
    "rngtypid oid, rngsubtype oid, rngmultitypid oid, rngcollation oid, rngsubopc oid, \
     rngcanonical regproc, rngsubdiff regproc"),
    empty!(PG_CATALOG, "pg_replication_slots", 12230,
    "slot_name name, plugin name, slot_type text, datoid oid, database name, temporary boolean, active boolean, \
     active_pid integer, xmin oid, catalog_xmin oid, restart_lsn text, confirmed_flush_lsn text, wal_status text, \
     safe_wal_size bigint, two_phase boolean"),
    empty!(PG_CATALOG, "pg_replication_origin", 6000,
    "roident oid, roname text"),
    empty!(PG_CATALOG, "pg_rewrite", 2618,
    "oid oid, rulename name, ev_class oid, ev_type \"char\", ev_enabled \"char\", is_instead boolean, \
     ev_qual text, ev_action text"),
    empty!(PG_CATALOG, "pg_rules", 12213,
    "schemaname name, tablename name, rulename name, definition text"),
    empty!(PG_CATALOG, "pg_seclabel", 3596,
    "objoid oid, classoid oid, objsubid integer, provider text, label text"),
    empty!(PG_CATALOG, "pg_shadow", 12215,
    "usename name, usesysid oid, usecreatedb boolean, usesuper boolean, userepl boolean, \
     usebypassrls boolean, passwd text, valuntil timestamp with time zone, useconfig text[]"),
    empty!(PG_CATALOG, "pg_shdepend", 1214,
    "dbid oid, classid oid, objid oid, objsubid integer, refclassid oid, refobjid oid, \
     deptype \"char\""),
    empty!(PG_CATALOG, "pg_shdescription", 2396,
    "objoid oid, classoid oid, description text"),
    empty!(PG_CATALOG, "pg_shseclabel", 3592,
    "objoid oid, classoid oid, provider text, label text"),
    empty!(PG_CATALOG, "pg_stat_database", 12217,
    "datid oid, datname name, numbackends integer, xact_commit bigint, xact_rollback bigint, \
     blks_read bigint, blks_hit bigint, tup_returned bigint, tup_fetched bigint, tup_inserted bigint, \
     tup_updated bigint, tup_deleted bigint, conflicts bigint, temp_files bigint, temp_bytes bigint, \
     deadlocks bigint, checksum_failures bigint, checksum_last_failure timestamp with time zone, \
     blk_read_time double precision, blk_write_time double precision, session_time double precision, \
     active_time double precision, idle_in_transaction_time double precision, sessions bigint, \
     sessions_abandoned bigint, sessions_fatal bigint, sessions_killed bigint, \
     stats_reset timestamp with time zone"),
    empty!(PG_CATALOG, "pg_stat_wal_receiver", 12231,
    "pid integer, status text, receive_start_lsn text, receive_start_tli integer, written_lsn text, flushed_lsn text, \
     received_tli integer, last_msg_send_time timestamp with time zone, last_msg_receipt_time timestamp with time zone, \
     latest_end_lsn text, latest_end_time timestamp with time zone, slot_name text, sender_host text, \
     sender_port integer, conninfo text"),
    empty!(PG_CATALOG, "pg_statio_user_tables", 12219,
    "relid oid, schemaname name, relname name, heap_blks_read bigint, heap_blks_hit bigint, \
     idx_blks_read bigint, idx_blks_hit bigint, toast_blks_read bigint, toast_blks_hit bigint, \
     tidx_blks_read bigint, tidx_blks_hit bigint"),
    empty!(PG_CATALOG, "pg_statistic_ext", 3381,
    "oid oid, stxrelid oid, stxname name, stxnamespace oid, stxowner oid, stxstattarget integer, \
     stxkeys int2vector, stxkind \"char\"[], stxexprs text"),
    empty!(PG_CATALOG, "pg_statistic_ext_data", 3429,
    "stxoid oid, stxdinherit boolean, stxdndistinct text, stxddependencies text, stxdmcv text, \
     stxdexpr text[]"),
    empty!(PG_CATALOG, "pg_subscription", 6100,
    "oid oid, subdbid oid, subskiplsn text, subname name, subowner oid, subenabled boolean, \
     subbinary boolean, substream boolean, subtwophasestate \"char\", subdisableonerr boolean, \
     subconninfo text, subslotname name, subsynccommit text, subpublications text[]"),
    empty!(PG_CATALOG, "pg_timezone_abbrevs", 12222,
    "abbrev text, utc_offset interval, is_dst boolean"),
    empty!(PG_CATALOG, "pg_transform", 3576,
    "oid oid, trftype oid, trflang oid, trffromsql regproc, trftosql regproc"),
    empty!(PG_CATALOG, "pg_trigger", 2620,
    "oid oid, tgrelid oid, tgparentid oid, tgname name, tgfoid oid, tgtype smallint, \
     tgenabled \"char\", tgisinternal boolean, tgconstrrelid oid, tgconstrindid oid, tgconstraint oid, \
     tgdeferrable boolean, tginitdeferred boolean, tgnargs smallint, tgattr int2vector, tgargs bytea, \
     tgqual text, tgoldtable name, tgnewtable name"),
    empty!(PG_CATALOG, "pg_ts_config", 3602,
    "oid oid, cfgname name, cfgnamespace oid, cfgowner oid, cfgparser oid"),
    empty!(PG_CATALOG, "pg_ts_dict", 3600,
    "oid oid, dictname name, dictnamespace oid, dictowner oid, dicttemplate oid, dictinitoption text"),
    empty!(PG_CATALOG, "pg_ts_parser", 3601,
    "oid oid, prsname name, prsnamespace oid, prsstart regproc, prstoken regproc, prsend regproc, \
     prsheadline regproc, prslextype regproc"),
    empty!(PG_CATALOG, "pg_ts_template", 3764,
    "oid oid, tmplname name, tmplnamespace oid, tmplinit regproc, tmpllexize regproc"),
    empty!(PG_CATALOG, "pg_user_mapping", 1418,
    "oid oid, umuser oid, umserver oid, umoptions text[]"),
    empty!(PG_CATALOG, "pg_user_mappings", 12226,
    "umid oid, srvid oid, srvname name, umuser oid, usename name, umoptions text[]"),
    empty!(PG_CATALOG, "pg_parameter_acl", 6243,
    "oid oid, parname text, paracl text[]"),
    empty!(INFORMATION_SCHEMA, "applicable_roles", 13201,
    "grantee name, role_name name, is_grantable character varying"),
    empty!(INFORMATION_SCHEMA, "collations", 13204,
    "collation_catalog name, collation_schema name, collation_name name, \
     pad_attribute character varying"),
    empty!(INFORMATION_SCHEMA, "column_privileges", 13205,
    "grantor name, grantee name, table_catalog name, table_schema name, table_name name, \
     column_name name, privilege_type character varying, is_grantable character varying"),
    empty!(INFORMATION_SCHEMA, "constraint_table_usage", 13207,
    "table_catalog name, table_schema name, table_name name, constraint_catalog name, \
     constraint_schema name, constraint_name name"),
    empty!(INFORMATION_SCHEMA, "domains", 13208,
    "domain_catalog name, domain_schema name, domain_name name, data_type character varying, \
     character_maximum_length integer, character_octet_length integer, character_set_catalog name, \
     character_set_schema name, character_set_name name, collation_catalog name, \
     collation_schema name, collation_name name, numeric_precision integer, \
     numeric_precision_radix integer, numeric_scale integer, datetime_precision integer, \
     interval_type character varying, interval_precision integer, domain_default character varying, \
     udt_catalog name, udt_schema name, udt_name name, scope_catalog name, scope_schema name, \
     scope_name name, maximum_cardinality integer, dtd_identifier name"),
    empty!(INFORMATION_SCHEMA, "element_types", 13209,
    "object_catalog name, object_schema name, object_name name, object_type character varying, \
     collection_type_identifier name, data_type character varying, character_maximum_length integer, \
     character_octet_length integer, character_set_catalog name, character_set_schema name, \
     character_set_name name, collation_catalog name, collation_schema name, collation_name name, \
     numeric_precision integer, numeric_precision_radix integer, numeric_scale integer, \
     datetime_precision integer, interval_type character varying, interval_precision integer, \
     domain_default character varying, udt_catalog name, udt_schema name, udt_name name, \
     scope_catalog name, scope_schema name, scope_name name, maximum_cardinality integer, \
     dtd_identifier name"),
    empty!(INFORMATION_SCHEMA, "foreign_tables", 13211,
    "foreign_table_catalog name, foreign_table_schema name, foreign_table_name name, \
     foreign_server_catalog name, foreign_server_name name"),
    empty!(INFORMATION_SCHEMA, "parameters", 13214,
    "specific_catalog name, specific_schema name, specific_name name, ordinal_position integer, \
     parameter_mode character varying, is_result character varying, as_locator character varying, \
     parameter_name name, data_type character varying, character_maximum_length integer, \
     character_octet_length integer, character_set_catalog name, character_set_schema name, \
     character_set_name name, collation_catalog name, collation_schema name, collation_name name, \
     numeric_precision integer, numeric_precision_radix integer, numeric_scale integer, \
     datetime_precision integer, interval_type character varying, interval_precision integer, \
     udt_catalog name, udt_schema name, udt_name name, scope_catalog name, scope_schema name, \
     scope_name name, maximum_cardinality integer, dtd_identifier name, \
     parameter_default character varying"),
    empty!(INFORMATION_SCHEMA, "referential_constraints", 13215,
    "constraint_catalog name, constraint_schema name, constraint_name name, \
     unique_constraint_catalog name, unique_constraint_schema name, unique_constraint_name name, \
     match_option character varying, update_rule character varying, delete_rule character varying"),
    empty!(INFORMATION_SCHEMA, "routines", 13217,
    "specific_catalog name, specific_schema name, specific_name name, routine_catalog name, \
     routine_schema name, routine_name name, routine_type character varying, module_catalog name, \
     module_schema name, module_name name, udt_catalog name, udt_schema name, udt_name name, \
     data_type character varying, character_maximum_length integer, character_octet_length integer, \
     character_set_catalog name, character_set_schema name, character_set_name name, \
     collation_catalog name, collation_schema name, collation_name name, numeric_precision integer, \
     numeric_precision_radix integer, numeric_scale integer, datetime_precision integer, \
     interval_type character varying, interval_precision integer, type_udt_catalog name, \
     type_udt_schema name, type_udt_name name, scope_catalog name, scope_schema name, scope_name name, \
     maximum_cardinality integer, dtd_identifier name, routine_body character varying, \
     routine_definition character varying, external_name character varying, \
     external_language character varying, parameter_style character varying, \
     is_deterministic character varying, sql_data_access character varying, \
     is_null_call character varying, sql_path character varying, \
     schema_level_routine character varying, max_dynamic_result_sets integer, \
     is_user_defined_cast character varying, is_implicitly_invocable character varying, \
     security_type character varying, to_sql_specific_catalog name, to_sql_specific_schema name, \
     to_sql_specific_name name, as_locator character varying, created timestamp with time zone, \
     last_altered timestamp with time zone, new_savepoint_level character varying, \
     is_udt_dependent character varying, result_cast_from_data_type character varying, \
     result_cast_as_locator character varying, result_cast_char_max_length integer, \
     result_cast_char_octet_length integer, result_cast_char_set_catalog name, \
     result_cast_char_set_schema name, result_cast_char_set_name name, \
     result_cast_collation_catalog name, result_cast_collation_schema name, \
     result_cast_collation_name name, result_cast_numeric_precision integer, \
     result_cast_numeric_precision_radix integer, result_cast_numeric_scale integer, \
     result_cast_datetime_precision integer, result_cast_interval_type character varying, \
     result_cast_interval_precision integer, result_cast_type_udt_catalog name, \
     result_cast_type_udt_schema name, result_cast_type_udt_name name, result_cast_scope_catalog name, \
     result_cast_scope_schema name, result_cast_scope_name name, \
     result_cast_maximum_cardinality integer, result_cast_dtd_identifier name"),
    empty!(INFORMATION_SCHEMA, "triggers", 13221,
    "trigger_catalog name, trigger_schema name, trigger_name name, \
     event_manipulation character varying, event_object_catalog name, event_object_schema name, \
     event_object_table name, action_order integer, action_condition character varying, \
     action_statement character varying, action_orientation character varying, \
     action_timing character varying, action_reference_old_table name, \
     action_reference_new_table name, action_reference_old_row name, action_reference_new_row name, \
     created timestamp with time zone"),
    empty!(INFORMATION_SCHEMA, "usage_privileges", 13222,
    "grantor name, grantee name, object_catalog name, object_schema name, object_name name, \
     object_type character varying, privilege_type character varying, is_grantable character varying"),
    empty!(INFORMATION_SCHEMA, "user_defined_types", 13223,
    "user_defined_type_catalog name, user_defined_type_schema name, user_defined_type_name name, \
     user_defined_type_category character varying, is_instantiable character varying, \
     is_final character varying, ordering_form character varying, ordering_category character varying, \
     ordering_routine_catalog name, ordering_routine_schema name, ordering_routine_name name, \
     reference_type character varying, data_type character varying, character_maximum_length integer, \
     character_octet_length integer, character_set_catalog name, character_set_schema name, \
     character_set_name name, collation_catalog name, collation_schema name, collation_name name, \
     numeric_precision integer, numeric_precision_radix integer, numeric_scale integer, \
     datetime_precision integer, interval_type character varying, interval_precision integer, \
     source_dtd_identifier name, ref_dtd_identifier name"),
    empty!(INFORMATION_SCHEMA, "view_column_usage", 13224,
    "view_catalog name, view_schema name, view_name name, table_catalog name, table_schema name, \
     table_name name, column_name name"),
    empty!(INFORMATION_SCHEMA, "view_table_usage", 13225,
    "view_catalog name, view_schema name, view_name name, table_catalog name, table_schema name, \
     table_name name"),
];
