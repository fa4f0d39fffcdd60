// The PostgreSQL JDBC driver: metadata as reporting tools ask for it, typed reads and writes in text and binary, fetch size, batches,
// generated keys, COPY, savepoints, cancel, errors. Prints the same lines as sessions/checks.py.

import java.io.StringReader;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.sql.Array;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.sql.Types;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.UUID;
import org.postgresql.PGConnection;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

public class JdbcSession {
    interface Action { void run() throws Exception; }
    interface Ask { Object run() throws Exception; }

    static Connection connection;

    static void check(String name, Action action) {
        try {
            action.run();
            System.out.println("ok " + name);
        } catch (Throwable error) {
            String why = String.valueOf(error).replaceAll("\\s+", " ");
            System.out.println("not ok " + name + " # " + why.substring(0, Math.min(400, why.length())));
            try {
                if (!connection.getAutoCommit()) { connection.rollback(); connection.setAutoCommit(true); }
            } catch (Exception trouble) { System.err.println("# after it: " + trouble); }
        }
    }

    static void equal(Object actual, Object expected) {
        if (actual instanceof byte[] && expected instanceof byte[] && Arrays.equals((byte[]) actual, (byte[]) expected)) return;
        if (!Objects.equals(actual, expected)) throw new AssertionError(actual + " instead of " + expected);
    }

    static void answers(String name, Ask ask, Object expected) { check(name, () -> equal(ask.run(), expected)); }

    static PSQLException fails(Action action, String state) throws Exception {
        try { action.run(); } catch (PSQLException error) { equal(error.getSQLState(), state); return error; }
        throw new AssertionError("no error");
    }

    static void execute(String sql) throws SQLException { try (Statement statement = connection.createStatement()) { statement.execute(sql); } }

    static String rows(ResultSet found, Object... columns) throws SQLException {
        List<String> lines = new ArrayList<>();
        while (found.next()) {
            List<String> values = new ArrayList<>();
            for (Object column : columns) values.add(column instanceof Integer ? found.getString((Integer) column) : found.getString((String) column));
            lines.add(String.join("|", values.stream().map(String::valueOf).toList()));
        }
        found.close();
        return String.join(" ", lines);
    }

    static String ask(String sql) throws SQLException {
        try (Statement statement = connection.createStatement(); ResultSet found = statement.executeQuery(sql)) {
            Object[] all = new Object[found.getMetaData().getColumnCount()];
            for (int index = 0; index < all.length; index++) all[index] = index + 1;
            return rows(found, all);
        }
    }

    static Connection connect(String... settings) throws SQLException {
        Properties properties = new Properties();
        properties.setProperty("user", System.getenv("PGUSER"));
        for (int index = 0; index < settings.length; index += 2) properties.setProperty(settings[index], settings[index + 1]);
        return DriverManager.getConnection("jdbc:postgresql://" + System.getenv("PGHOST") + ":" + System.getenv("PGPORT") + "/" + System.getenv("PGDATABASE"), properties);
    }

    public static void main(String[] arguments) throws Exception {
        connection = connect();
        DatabaseMetaData metadata = connection.getMetaData();
        System.out.println("version pgjdbc " + metadata.getDriverVersion());
        answers("connect", () -> metadata.getDatabaseProductName() + " " + connection.isValid(5), "PostgreSQL true");
        answers("version", () -> metadata.getDatabaseMajorVersion() >= 15, true);
        metadata(metadata);
        types();
        statements();
        cursors();
        copies();
        transactions();
        errors();
        connection.close();
        System.out.println("end");
    }

    static void metadata(DatabaseMetaData metadata) {
        answers("getCatalogs", () -> (" " + rows(metadata.getCatalogs(), "TABLE_CAT") + " ").contains(" stoa "), true);
        answers("getSchemas", () -> rows(metadata.getSchemas(null, "sh%"), "TABLE_SCHEM"), "shop");
        answers("getTables", () -> rows(metadata.getTables(null, "shop", "%", new String[] {"TABLE", "VIEW"}), "TABLE_NAME", "TABLE_TYPE", "REMARKS"), "customers|TABLE|who has bought every_type|TABLE|null orders|TABLE|null large_orders|VIEW|worth a call");
        answers("getTables of every kind", () -> rows(metadata.getTables(null, "shop", "%", null), "TABLE_NAME").contains("ticket_numbers"), true);
        answers("getTables of the system", () -> rows(metadata.getTables(null, null, "pg_class", new String[] {"SYSTEM TABLE"}), "TABLE_NAME"), "pg_class");
        answers("getTableTypes", () -> rows(metadata.getTableTypes(), "TABLE_TYPE").contains("MATERIALIZED VIEW"), true);
        answers("getColumns", () -> rows(metadata.getColumns(null, "shop", "customers", "%"), "COLUMN_NAME", "TYPE_NAME", "DATA_TYPE", "COLUMN_SIZE", "NULLABLE", "IS_AUTOINCREMENT"), "customer_id|int4|4|10|0|YES name|text|12|2147483647|0|NO email|varchar|12|60|1|NO joined|date|91|13|1|NO");
        answers("getColumns: remarks and defaults", () -> rows(metadata.getColumns(null, "shop", "customers", "%ed"), "COLUMN_DEF", "IS_NULLABLE", "ORDINAL_POSITION"), "'2024-01-01'::date|YES|4");
        answers("getColumns of every type", () -> rows(metadata.getColumns(null, "shop", "every_type", null), "DATA_TYPE"), "4 -7 5 4 -5 7 8 2 12 12 1 91 92 93 93 1111 1111 1111 1111 -2");
        answers("getColumns: digits", () -> rows(metadata.getColumns(null, "shop", "orders", "amount"), "COLUMN_SIZE", "DECIMAL_DIGITS"), "12|2");
        answers("getPrimaryKeys", () -> rows(metadata.getPrimaryKeys(null, "shop", "orders"), "COLUMN_NAME", "KEY_SEQ", "PK_NAME"), "order_id|1|orders_key line|2|orders_key");
        answers("getImportedKeys", () -> rows(metadata.getImportedKeys(null, "shop", "orders"), "FK_NAME"), "");
        answers("getExportedKeys", () -> rows(metadata.getExportedKeys(null, "shop", "orders"), "FK_NAME"), "");
        answers("getIndexInfo", () -> rows(metadata.getIndexInfo(null, "shop", "customers", true, true), "INDEX_NAME", "COLUMN_NAME", "NON_UNIQUE", "ASC_OR_DESC"), "customers_email_key|email|f|A customers_pkey|customer_id|f|A");
        answers("getBestRowIdentifier", () -> rows(metadata.getBestRowIdentifier(null, "shop", "orders", DatabaseMetaData.bestRowSession, true), "COLUMN_NAME"), "order_id line");
        answers("getTypeInfo", () -> rows(metadata.getTypeInfo(), "TYPE_NAME").contains("timestamptz"), true);
        answers("getFunctions", () -> rows(metadata.getFunctions(null, "pg_catalog", "lower"), "FUNCTION_NAME").startsWith("lower"), true);
        answers("getFunctionColumns", () -> rows(metadata.getFunctionColumns(null, "pg_catalog", "starts_with", null), "TYPE_NAME"), "bool text text");
        answers("getProcedures", () -> rows(metadata.getProcedures(null, "shop", "%"), "PROCEDURE_NAME"), "");
        answers("getTablePrivileges", () -> rows(metadata.getTablePrivileges(null, "shop", "customers"), "PRIVILEGE").contains("SELECT"), true);
        answers("getColumnPrivileges", () -> rows(metadata.getColumnPrivileges(null, "shop", "customers", "name"), "PRIVILEGE").contains("SELECT"), true);
        answers("getUDTs", () -> rows(metadata.getUDTs(null, "shop", "nothing", null), "TYPE_NAME"), "");
        answers("getVersionColumns", () -> rows(metadata.getVersionColumns(null, "shop", "customers"), "COLUMN_NAME"), "ctid");
        answers("getClientInfoProperties", () -> rows(metadata.getClientInfoProperties(), "NAME"), "ApplicationName");
        answers("keywords and functions", () -> metadata.getSQLKeywords().length() > 10 && metadata.getMaxColumnNameLength() == 63 && metadata.getMaxIndexLength() >= 0, true);
        answers("columns of a result", () -> {
            try (PreparedStatement statement = connection.prepareStatement("SELECT customer_id, email AS mail, name || '!' FROM shop.customers WHERE customer_id = ?")) {
                ResultSetMetaData columns = statement.getMetaData();
                return columns.getColumnTypeName(1) + columns.getColumnLabel(2) + columns.getPrecision(2) + columns.isNullable(1) + columns.getTableName(1) + columns.getColumnName(2) + statement.getParameterMetaData().getParameterTypeName(1);
            }
        }, "serialmail600customersmailint4");
    }

    static void types() throws Exception {
        Object[][] expected = {
            {"a_boolean", true, Boolean.class}, {"a_smallint", (short) -12, Short.class}, {"an_integer", 123456, Integer.class}, {"a_bigint", 9007199254740993L, Long.class},
            {"a_real", 1.5f, Float.class}, {"a_double", 0.1, Double.class}, {"a_numeric", new BigDecimal("1234.50"), BigDecimal.class}, {"a_text", "héllo, \"wörld\"", String.class},
            {"a_varchar", "varying", String.class}, {"a_char", "ab   ", String.class}, {"a_date", LocalDate.of(2024, 2, 29), LocalDate.class}, {"a_time", LocalTime.of(12, 34, 56, 789000000), LocalTime.class},
            {"a_timestamp", LocalDateTime.of(2024, 2, 29, 12, 34, 56, 789012000), LocalDateTime.class}, {"a_timestamptz", OffsetDateTime.parse("2024-02-29T12:34:56.789012Z"), OffsetDateTime.class},
            {"a_uuid", UUID.fromString("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"), UUID.class}, {"a_bytea", new byte[] {0, (byte) 255, 16}, byte[].class},
        };
        // From the threshold on the driver asks for binary results.
        for (int threshold : new int[] {0, -1}) {
            String label = threshold == 0 ? "text" : "binary";
            try (Connection other = threshold == 0 ? connect("binaryTransfer", "false") : connect("prepareThreshold", "-1")) {
                for (Object[] line : expected) {
                    String column = (String) line[0];
                    check("read " + label + " " + column, () -> {
                        try (PreparedStatement statement = other.prepareStatement("SELECT " + column + " FROM shop.every_type WHERE id IN (1, 3) ORDER BY id"); ResultSet found = statement.executeQuery()) {
                            found.next();
                            if (line[2] == byte[].class) equal(found.getBytes(1), line[1]); else equal(found.getObject(1, (Class<?>) line[2]), line[1]);
                            found.next();
                            equal(found.getObject(1), null);
                        }
                    });
                    check("write " + label + " " + column, () -> {
                        try (Statement statement = other.createStatement()) {
                            statement.execute("CREATE TABLE written AS SELECT " + column + " FROM shop.every_type WHERE false");
                            try (PreparedStatement insert = other.prepareStatement("INSERT INTO written VALUES (?)")) {
                                if (line[2] == byte[].class) insert.setBytes(1, (byte[]) line[1]); else insert.setObject(1, line[1]);
                                equal(insert.executeUpdate(), 1);
                                insert.setNull(1, line[2] == byte[].class ? Types.BINARY : Types.NULL);
                                insert.executeUpdate();
                            }
                            try (ResultSet found = statement.executeQuery("SELECT count(*) FROM written WHERE " + column + " IN (SELECT " + column + " FROM shop.every_type WHERE id = 1)")) { found.next(); equal(found.getInt(1), 1); }
                        } finally { try (Statement statement = other.createStatement()) { statement.execute("DROP TABLE written"); } }
                    });
                }
            }
        }
        answers("read extremes", () -> ask("SELECT a_real, a_bigint, a_double, a_numeric FROM shop.every_type WHERE id = 2"), "-Infinity|-9223372036854775808|1e-300|-9999999999.99");
        answers("read an_interval", () -> ask("SELECT an_interval FROM shop.every_type WHERE id = 1"), "1 mon 2 days 03:04:05.678");
        answers("read a_json and a_jsonb", () -> ask("SELECT a_json, a_jsonb FROM shop.every_type WHERE id = 1"), "{\"b\": 1, \"a\": [true, null]}|{\"a\": [true, null], \"b\": 1}");
        check("arrays", () -> {
            try (PreparedStatement statement = connection.prepareStatement("SELECT integers, texts FROM lists.every_list WHERE integers = ?")) {
                statement.setArray(1, connection.createArrayOf("integer", new Integer[] {1, null, 3}));
                try (ResultSet found = statement.executeQuery()) {
                    found.next();
                    Array numbers = found.getArray(1);
                    equal(Arrays.asList((Integer[]) numbers.getArray()), Arrays.asList(1, null, 3));
                    equal(Arrays.asList((String[]) found.getArray(2).getArray()), Arrays.asList("a", "b c", null));
                }
            }
        });
        answers("java.sql's own types", () -> {
            try (Statement statement = connection.createStatement(); ResultSet found = statement.executeQuery("SELECT a_date, a_timestamp, a_time FROM shop.every_type WHERE id = 1")) {
                found.next();
                return found.getDate(1) + " " + found.getTimestamp(2) + " " + found.getTime(3);
            }
        }, "2024-02-29 2024-02-29 12:34:56.789012 12:34:56");
    }

    static void statements() {
        check("prepared statements by name", () -> {
            try (PreparedStatement statement = connection.prepareStatement("SELECT name FROM shop.customers WHERE customer_id = ?")) {
                for (int round = 0; round < 9; round++) {
                    statement.setInt(1, round % 3 + 1);
                    equal(rows(statement.executeQuery(), 1), List.of("Ada", "Bo", "Cy").get(round % 3));
                }
            }
        });
        check("batches", () -> {
            execute("CREATE TABLE many (id integer PRIMARY KEY, note text)");
            try (PreparedStatement statement = connection.prepareStatement("INSERT INTO many VALUES (?, ?)")) {
                for (int number = 0; number < 500; number++) { statement.setInt(1, number); statement.setString(2, number % 2 == 0 ? null : "odd"); statement.addBatch(); }
                equal(statement.executeBatch().length, 500);
            }
            equal(ask("SELECT count(*), count(note) FROM many"), "500|250");
        });
        check("batches rewritten into one statement", () -> {
            try (Connection other = connect("reWriteBatchedInserts", "true"); PreparedStatement statement = other.prepareStatement("INSERT INTO many VALUES (?, ?)")) {
                for (int number = 500; number < 900; number++) { statement.setInt(1, number); statement.setString(2, "more"); statement.addBatch(); }
                statement.executeBatch();
            }
            equal(ask("SELECT count(*) FROM many"), "900");
        });
        check("a batch that fails", () -> {
            try (PreparedStatement statement = connection.prepareStatement("INSERT INTO many VALUES (?, 'x')")) {
                for (int number : new int[] {1000, 1, 1001}) { statement.setInt(1, number); statement.addBatch(); }
                try { statement.executeBatch(); throw new AssertionError("no error"); } catch (BatchUpdateException error) { equal(error.getSQLState(), "23505"); }
            }
            execute("DROP TABLE many");
        });
        check("generated keys", () -> {
            execute("CREATE TABLE numbered (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text)");
            try (PreparedStatement statement = connection.prepareStatement("INSERT INTO numbered (note) VALUES (?), ('b')", Statement.RETURN_GENERATED_KEYS)) {
                statement.setString(1, "a");
                statement.executeUpdate();
                equal(rows(statement.getGeneratedKeys(), "id", "note"), "1|a 2|b");
            }
            try (PreparedStatement statement = connection.prepareStatement("INSERT INTO numbered (note) VALUES ('c')", new String[] {"id"})) {
                statement.executeUpdate();
                equal(rows(statement.getGeneratedKeys(), 1), "3");
            }
            execute("DROP TABLE numbered");
        });
        check("updatable results", () -> {
            execute("CREATE TABLE changing (id integer PRIMARY KEY, note text)");
            execute("INSERT INTO changing VALUES (1, 'a'), (2, 'b')");
            try (Statement statement = connection.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_UPDATABLE); ResultSet found = statement.executeQuery("SELECT id, note FROM changing ORDER BY id")) {
                found.last();
                found.updateString("note", "z");
                found.updateRow();
                found.moveToInsertRow();
                found.updateInt(1, 3);
                found.updateString(2, "c");
                found.insertRow();
                found.absolute(1);
                found.deleteRow();
            }
            equal(ask("SELECT id, note FROM changing ORDER BY id"), "2|z 3|c");
            execute("DROP TABLE changing");
        });
        answers("several statements and results", () -> {
            try (Statement statement = connection.createStatement()) {
                statement.execute("SELECT 1; CREATE TABLE several (id integer); INSERT INTO several VALUES (1), (2); SELECT 2; DROP TABLE several");
                statement.getMoreResults();
                statement.getMoreResults();
                int count = statement.getUpdateCount();
                statement.getMoreResults();
                return count + rows(statement.getResultSet(), 1);
            }
        }, "22");
        answers("escapes", () -> ask("SELECT {fn ucase('abc')}, {d '2024-02-29'}, {fn concat('a', 'b')}, {fn abs(-60)}"), "ABC|2024-02-29|ab|60");
        answers("functions by call", () -> {
            try (var call = connection.prepareCall("{? = call upper(?)}")) {
                call.registerOutParameter(1, Types.VARCHAR);
                call.setString(2, "abc");
                call.execute();
                return call.getString(1);
            }
        }, "ABC");
        check("setMaxRows and a limit of fields", () -> {
            try (Statement statement = connection.createStatement()) {
                statement.setMaxRows(7);
                equal(rows(statement.executeQuery("SELECT 1 FROM shop.orders"), 1).split(" ").length, 7);
            }
        });
        answers("settings of a connection", () -> { connection.setClientInfo("ApplicationName", "jdbc session"); connection.setSchema("shop"); String found = ask("SHOW application_name") + connection.getSchema() + ask("SELECT count(*) FROM customers"); connection.setSchema("public"); return found; }, "jdbc sessionshop3");
        for (String mode : new String[] {"simple", "extended", "extendedForPrepared", "extendedCacheEverything"}) {
            check("query mode " + mode, () -> {
                try (Connection other = connect("preferQueryMode", mode); PreparedStatement statement = other.prepareStatement("SELECT name, ?::numeric(5,2) FROM shop.customers WHERE joined = ? ORDER BY 1")) {
                    statement.setBigDecimal(1, new BigDecimal("1.25"));
                    statement.setObject(2, LocalDate.of(2024, 1, 5));
                    equal(rows(statement.executeQuery(), 1, 2), "Ada|1.25");
                }
            });
        }
    }

    static void cursors() {
        check("fetch size", () -> {
            connection.setAutoCommit(false);
            try (PreparedStatement statement = connection.prepareStatement("SELECT order_id FROM shop.orders WHERE line >= ? ORDER BY 1")) {
                statement.setInt(1, 0);
                statement.setFetchSize(64);
                int count = 0;
                try (ResultSet found = statement.executeQuery()) { while (found.next()) { if (++count == 100) found.setFetchSize(7); } }
                equal(count, 1000);
            }
            connection.commit();
            connection.setAutoCommit(true);
        });
        check("two open results", () -> {
            connection.setAutoCommit(false);
            try (PreparedStatement one = connection.prepareStatement("SELECT order_id FROM shop.orders ORDER BY 1"); PreparedStatement two = connection.prepareStatement("SELECT order_id FROM shop.orders ORDER BY 1 DESC")) {
                one.setFetchSize(10);
                two.setFetchSize(10);
                try (ResultSet up = one.executeQuery(); ResultSet down = two.executeQuery()) {
                    int sum = 0;
                    for (int number = 0; number < 50; number++) { up.next(); down.next(); sum += up.getInt(1) + down.getInt(1); }
                    equal(sum, 50 * 249);
                }
            }
            connection.commit();
            connection.setAutoCommit(true);
        });
        check("a cursor of SQL", () -> {
            connection.setAutoCommit(false);
            execute("DECLARE walk CURSOR FOR SELECT name FROM shop.customers ORDER BY 1");
            equal(ask("FETCH 2 FROM walk"), "Ada Bo");
            equal(ask("FETCH ALL FROM walk"), "Cy");
            connection.rollback();
            connection.setAutoCommit(true);
        });
        check("scrolling results", () -> {
            try (Statement statement = connection.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_READ_ONLY); ResultSet found = statement.executeQuery("SELECT order_id FROM shop.orders ORDER BY order_id, line")) {
                found.last();
                equal(found.getRow(), 1000);
                found.relative(-4);
                equal(found.getInt(1), 248);
            }
        });
    }

    static void copies() {
        check("COPY in and out", () -> {
            execute("CREATE TABLE copied (id integer, note text)");
            var copies = connection.unwrap(PGConnection.class).getCopyAPI();
            equal(copies.copyIn("COPY copied FROM STDIN (FORMAT csv)", new StringReader("1,one\n2,\n")), 2L);
            StringWriter out = new StringWriter();
            equal(copies.copyOut("COPY (SELECT * FROM copied ORDER BY id) TO STDOUT", out), 2L);
            equal(out.toString(), "1\tone\n2\t\\N\n");
            execute("DROP TABLE copied");
        });
    }

    static void transactions() {
        check("savepoints", () -> {
            execute("CREATE TABLE counted (id integer)");
            connection.setAutoCommit(false);
            execute("INSERT INTO counted VALUES (1)");
            Savepoint here = connection.setSavepoint("here");
            fails(() -> execute("SELECT 1 / 0"), "22012");
            fails(() -> execute("SELECT 1"), "25P02");
            connection.rollback(here);
            execute("INSERT INTO counted VALUES (2)");
            connection.commit();
            execute("DELETE FROM counted");
            connection.rollback();
            connection.setAutoCommit(true);
            equal(ask("SELECT id FROM counted ORDER BY 1"), "1 2");
            execute("DROP TABLE counted");
        });
        check("autosave", () -> {
            try (Connection other = connect("autosave", "always"); Statement statement = other.createStatement()) {
                other.setAutoCommit(false);
                fails(() -> statement.execute("SELECT 1 / 0"), "22012");
                statement.execute("SELECT 1");
                other.commit();
            }
        });
        check("isolation and read only", () -> {
            connection.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
            equal(connection.getTransactionIsolation(), Connection.TRANSACTION_SERIALIZABLE);
            connection.setTransactionIsolation(Connection.TRANSACTION_READ_COMMITTED);
            connection.setReadOnly(true);
            connection.setAutoCommit(false);
            fails(() -> execute("DELETE FROM shop.orders"), "25006");
            connection.rollback();
            connection.setAutoCommit(true);
            connection.setReadOnly(false);
        });
    }

    static final String LONG = "SELECT count(*) FROM generate_series(1, 100000000000)";

    static void errors() {
        check("error: position", () -> { ServerErrorMessage message = fails(() -> execute("SELECT nothing FROM shop.orders"), "42703").getServerErrorMessage(); equal(message.getPosition(), 8); });
        check("error: unique key", () -> { ServerErrorMessage message = fails(() -> execute("INSERT INTO shop.customers VALUES (1, 'Di')"), "23505").getServerErrorMessage(); equal(message.getConstraint() + message.getDetail() + message.getTable(), "customers_pkeyKey (customer_id)=(1) already exists.customers"); });
        check("error: CHECK", () -> fails(() -> execute("INSERT INTO shop.customers (name) VALUES ('')"), "23514"));
        check("query timeout", () -> { try (Statement statement = connection.createStatement()) { statement.setQueryTimeout(1); fails(() -> statement.execute(LONG), "57014"); } });
        check("cancel", () -> {
            try (Statement statement = connection.createStatement()) {
                Thread thread = new Thread(() -> { try { Thread.sleep(300); statement.cancel(); } catch (Exception error) { throw new RuntimeException(error); } });
                thread.start();
                fails(() -> statement.execute(LONG), "57014");
                thread.join();
            }
        });
        check("warnings", () -> { try (Statement statement = connection.createStatement()) { statement.execute("DROP TABLE IF EXISTS nowhere"); equal(statement.getWarnings().getMessage(), "table \"nowhere\" does not exist, skipping"); } });
    }
}
