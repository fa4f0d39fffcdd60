-- Version: 8 and 9
-- What Npgsql sends when it opens a connection, resets one of its pool, and describes results.

-- @ types, composites and enums of a database, in one message
-- compare: columns
SELECT version();
SELECT ns.nspname, t.oid, t.typname, t.typtype, t.typnotnull, t.elemtypoid
FROM (
  SELECT typ.oid, typ.typnamespace, typ.typname, typ.typtype, typ.typrelid, typ.typnotnull, typ.relkind,
    elemtyp.oid AS elemtypoid, elemtyp.typname AS elemtypname, elemcls.relkind AS elemrelkind,
    CASE WHEN elemproc.proname = 'array_recv' THEN 'a' ELSE elemtyp.typtype END AS elemtyptype
  FROM (
    SELECT typ.oid, typnamespace, typname, typrelid, typnotnull, relkind, typelem AS elemoid,
      CASE WHEN proc.proname = 'array_recv' THEN 'a' ELSE typ.typtype END AS typtype,
      CASE
        WHEN proc.proname = 'array_recv' THEN typ.typelem
        WHEN typ.typtype = 'r' THEN rngsubtype
        WHEN typ.typtype = 'm' THEN (SELECT rngtypid FROM pg_range WHERE rngmultitypid = typ.oid)
        WHEN typ.typtype = 'd' THEN typ.typbasetype
      END AS elemtypoid
    FROM pg_type AS typ
    LEFT JOIN pg_class AS cls ON (cls.oid = typ.typrelid)
    LEFT JOIN pg_proc AS proc ON proc.oid = typ.typreceive
    LEFT JOIN pg_range ON (pg_range.rngtypid = typ.oid)
  ) AS typ
  LEFT JOIN pg_type AS elemtyp ON elemtyp.oid = elemtypoid
  LEFT JOIN pg_class AS elemcls ON (elemcls.oid = elemtyp.typrelid)
  LEFT JOIN pg_proc AS elemproc ON elemproc.oid = elemtyp.typreceive
) AS t
JOIN pg_namespace AS ns ON (ns.oid = typnamespace)
WHERE typtype IN ('b', 'r', 'm', 'e', 'd')
  OR (typtype = 'c' AND relkind = 'c')
  OR (typtype = 'p' AND typname IN ('record', 'void', 'unknown'))
  OR (typtype = 'a' AND (
    elemtyptype IN ('b', 'r', 'm', 'e', 'd')
    OR (elemtyptype = 'p' AND elemtypname IN ('record', 'void'))
    OR (elemtyptype = 'c' AND elemrelkind = 'c')))
ORDER BY CASE
  WHEN typtype IN ('b', 'e', 'p') THEN 0
  WHEN typtype = 'r' THEN 1
  WHEN typtype = 'm' THEN 2
  WHEN typtype = 'c' THEN 3
  WHEN typtype = 'd' AND elemtyptype <> 'a' THEN 4
  WHEN typtype = 'a' THEN 5
  WHEN typtype = 'd' AND elemtyptype = 'a' THEN 6
END;
SELECT typ.oid, att.attname, att.atttypid
FROM pg_type AS typ
JOIN pg_namespace AS ns ON (ns.oid = typ.typnamespace)
JOIN pg_class AS cls ON (cls.oid = typ.typrelid)
JOIN pg_attribute AS att ON (att.attrelid = typ.typrelid)
WHERE (typ.typtype = 'c' AND cls.relkind = 'c') AND attnum > 0 AND NOT attisdropped
ORDER BY typ.oid, att.attnum;
SELECT pg_type.oid, enumlabel FROM pg_enum JOIN pg_type ON pg_type.oid = enumtypid ORDER BY oid, enumsortorder

-- @ types of Stoa and their arrays, by name
SELECT ns.nspname, t.oid, t.typname, t.typtype, t.typelem, t.typarray, p.proname
FROM pg_type t JOIN pg_namespace ns ON ns.oid = t.typnamespace LEFT JOIN pg_proc p ON p.oid = t.typreceive
WHERE t.typname IN ('bool', '_bool', 'int2', '_int2', 'int4', '_int4', 'int8', '_int8', 'float4', '_float4', 'float8', '_float8', 'numeric', '_numeric', 'text', '_text', 'varchar', '_varchar', 'bpchar', '_bpchar', 'date', '_date', 'time', '_time', 'timestamp', '_timestamp', 'timestamptz', '_timestamptz', 'interval', '_interval', 'uuid', '_uuid', 'json', '_json', 'jsonb', '_jsonb', 'bytea', '_bytea', 'oid', '_oid', 'name', '_name', 'char', '_char')

-- @ reset of a pooled connection
DISCARD ALL

-- @ reset of a pooled connection with prepared statements
-- compare: columns
CLOSE ALL; UNLISTEN *; SELECT pg_advisory_unlock_all(); DISCARD SEQUENCES; DISCARD TEMP; RESET ALL

-- @ state of the server
SHOW default_transaction_read_only; SELECT pg_is_in_recovery()

-- @ columns of a result
SELECT typ.typname, nspname, relname, attr.attrelid = {oid:shop.customers}, attnum, attname, typtype, attnotnull, attidentity != '' AS isidentity,
  CASE WHEN typ.typtype = 'd' THEN typ.typtypmod ELSE atttypmod END AS typmod,
  CASE WHEN atthasdef THEN (SELECT pg_get_expr(adbin, cls.oid) FROM pg_attrdef WHERE adrelid = cls.oid AND adnum = attr.attnum) END AS "default",
  (cls.relkind IN ('r', 'p') OR cls.relkind IN ('v', 'f') AND pg_column_is_updatable(cls.oid, attnum, false)) AS is_updatable,
  EXISTS (SELECT 1 FROM pg_index WHERE indrelid = cls.oid AND indisprimary AND attnum = ANY (indkey)) AS isprimarykey,
  EXISTS (SELECT 1 FROM pg_index WHERE indrelid = cls.oid AND indisunique AND indnkeyatts = 1 AND attnum = indkey[0]) AS isunique
FROM pg_attribute AS attr
JOIN pg_type AS typ ON attr.atttypid = typ.oid
JOIN pg_class AS cls ON cls.oid = attr.attrelid
JOIN pg_namespace AS ns ON ns.oid = cls.relnamespace
WHERE atttypid <> 0 AND relkind IN ('r', 'v', 'm', 'p') AND NOT attisdropped AND nspname NOT IN ('pg_catalog', 'information_schema') AND attnum > 0
  AND ((attr.attrelid = {oid:shop.customers} AND attr.attnum IN (1, 2, 3, 4)))
ORDER BY attnum

-- @ GetSchema: tables
SELECT table_catalog, table_schema, table_name, table_type FROM information_schema.tables
WHERE table_type IN ('BASE TABLE', 'FOREIGN', 'FOREIGN TABLE') AND table_schema NOT IN ('pg_catalog', 'information_schema')

-- @ GetSchema: views
-- compare: columns
SELECT table_catalog, table_schema, table_name, check_option, is_updatable FROM information_schema.views WHERE table_schema NOT IN ('pg_catalog', 'information_schema')

-- @ GetSchema: columns
SELECT table_catalog, table_schema, table_name, column_name, ordinal_position, column_default, is_nullable, udt_name::regtype::text AS data_type,
  character_maximum_length, character_octet_length, numeric_precision, numeric_precision_radix, numeric_scale, datetime_precision,
  character_set_catalog, character_set_schema, character_set_name, collation_catalog
FROM information_schema.columns WHERE table_schema = 'shop'

-- @ GetSchema: indexes
SELECT current_database() AS table_catalog, n.nspname AS table_schema, t.relname AS table_name, i.relname AS index_name, '' AS type_desc
FROM pg_catalog.pg_class i
JOIN pg_catalog.pg_index ix ON ix.indexrelid = i.oid
JOIN pg_catalog.pg_class t ON ix.indrelid = t.oid
LEFT JOIN pg_catalog.pg_user u ON u.usesysid = i.relowner
LEFT JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace
WHERE i.relkind = 'i' AND n.nspname NOT IN ('pg_catalog', 'pg_toast') AND t.relkind = 'r'

-- @ GetSchema: constraints
SELECT current_database() AS "CONSTRAINT_CATALOG", pgn.nspname AS "CONSTRAINT_SCHEMA", pgc.conname AS "CONSTRAINT_NAME",
  current_database() AS "TABLE_CATALOG", pgtn.nspname AS "TABLE_SCHEMA", pgt.relname AS "TABLE_NAME",
  "CONSTRAINT_TYPE", pgc.condeferrable AS "IS_DEFERRABLE", pgc.condeferred AS "INITIALLY_DEFERRED"
FROM pg_catalog.pg_constraint pgc
JOIN pg_catalog.pg_namespace pgn ON pgc.connamespace = pgn.oid
JOIN pg_catalog.pg_class pgt ON pgc.conrelid = pgt.oid
JOIN pg_catalog.pg_namespace pgtn ON pgt.relnamespace = pgtn.oid
JOIN (VALUES ('c'::"char", 'CHECK'), ('f', 'FOREIGN KEY'), ('p', 'PRIMARY KEY'), ('u', 'UNIQUE')) AS kinds (contype, "CONSTRAINT_TYPE") ON pgc.contype = kinds.contype
WHERE pgn.nspname = 'shop'

-- @ GetSchema: databases
SELECT d.datname, u.usename, d.datconnlimit FROM pg_catalog.pg_database d LEFT JOIN pg_catalog.pg_user u ON d.datdba = u.usesysid WHERE d.datname = 'stoa'

-- @ GetSchema: schemata
SELECT catalog_name, schema_name, schema_owner FROM (
  SELECT current_database() AS catalog_name, r.nspname AS schema_name, a.rolname AS schema_owner FROM pg_namespace r JOIN pg_roles a ON r.nspowner = a.oid) tmp
WHERE schema_name = 'shop'

-- @ EF Core: does a table exist
SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = 'public' AND c.relname = '__EFMigrationsHistory')

-- @ EF Core: are there tables
SELECT CASE WHEN count(*) = 0 THEN false ELSE true END
FROM pg_class AS cls JOIN pg_namespace AS ns ON ns.oid = cls.relnamespace
WHERE cls.relkind IN ('r', 'v', 'm', 'f', 'p') AND ns.nspname NOT IN ('pg_catalog', 'information_schema')
  AND NOT EXISTS (SELECT 1 FROM pg_depend WHERE classid = (SELECT cls.oid FROM pg_class AS cls JOIN pg_namespace AS ns ON ns.oid = cls.relnamespace WHERE relname = 'pg_class' AND ns.nspname = 'pg_catalog') AND objid = cls.oid AND deptype IN ('e', 'x'))

-- @ EF Core scaffolding: columns
SELECT nspname, cls.relname, typ.typname, basetyp.typname AS basetypname, attname, description, collname, attisdropped, attidentity::text, attgenerated::text, '' AS attcompression,
  format_type(typ.oid, atttypmod) AS formatted_typname, format_type(basetyp.oid, typ.typtypmod) AS formatted_basetypname,
  CASE WHEN pg_proc.proname = 'array_recv' THEN 'a' ELSE typ.typtype END AS typtype,
  CASE WHEN pg_proc.proname = 'array_recv' THEN elemtyp.typname END AS elemtypname,
  (typ.typnotnull OR attnotnull) AS nonnullable,
  CASE WHEN atthasdef THEN (SELECT pg_get_expr(adbin, cls.oid) FROM pg_attrdef WHERE adrelid = cls.oid AND adnum = attr.attnum) END AS default
FROM pg_class AS cls
JOIN pg_namespace AS ns ON ns.oid = cls.relnamespace
LEFT JOIN pg_attribute AS attr ON attrelid = cls.oid
LEFT JOIN pg_type AS typ ON attr.atttypid = typ.oid
LEFT JOIN pg_proc ON pg_proc.oid = typ.typreceive
LEFT JOIN pg_type AS elemtyp ON elemtyp.oid = typ.typelem
LEFT JOIN pg_type AS basetyp ON basetyp.oid = typ.typbasetype
LEFT JOIN pg_description AS des ON des.objoid = cls.oid AND des.objsubid = attnum
LEFT JOIN pg_collation AS coll ON coll.oid = attr.attcollation AND coll.collname <> 'default'
WHERE cls.relkind IN ('r', 'v', 'm', 'f') AND nspname = 'shop' AND attnum > 0
ORDER BY attnum
