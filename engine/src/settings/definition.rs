//! Every setting: its name, what values it takes, its default, what it is for. A setting that nothing reads is here because clients
//! set it and Stoa already behaves as its values ask; the sentence then says so.

/// What values a setting takes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    /// on or off
    Boolean,
    /// A number.
    Integer { minimum: i64, maximum: i64 },
    /// A time, kept in milliseconds.
    Duration { maximum_ms: i64 },
    /// A size, kept in bytes.
    Size { maximum_bytes: i64 },
    /// One of these words.
    Choice(&'static [&'static str]),
    /// Any text.
    Text,
    /// `TimeZone`.
    TimeZone,
    /// `DateStyle`.
    DateStyle,
    /// `client_encoding`.
    Encoding,
    /// `search_path`.
    SearchPath,
    /// `stoa.as_of`: a version, a time, or nothing.
    AsOf,
    /// `stoa.producer_token`: a number, or nothing.
    Token,
    /// `stoa.commit_cause`: a short text.
    Cause,
    /// Names of optimizer passes with commas between.
    Passes,
}

/// A setting.
#[derive(Debug)]
pub(crate) struct Definition {
    /// Its name as it is shown; compared without case.
    pub(crate) name: &'static str,
    /// What values it takes.
    pub(crate) kind: Kind,
    /// Its value unless set otherwise, as it is shown.
    pub(crate) default: &'static str,
    /// What it is for, a sentence.
    pub(crate) sentence: &'static str,
    /// Whether SET may change it.
    pub(crate) is_fixed: bool,
}

const fn setting(name: &'static str, kind: Kind, default: &'static str, sentence: &'static str) -> Definition {
    Definition {
        name,
        kind,
        default,
        sentence,
        is_fixed: false,
    }
}

const fn fixed(name: &'static str, kind: Kind, value: &'static str, sentence: &'static str) -> Definition {
    Definition {
        is_fixed: true,
        ..setting(name, kind, value, sentence)
    }
}

/// The largest duration: what 31 bits of milliseconds hold, as in Postgres.
const DURATION_MS_MAX: i64 = i32::MAX as i64;

const LEVELS: &[&str] = &["serializable", "repeatable read", "read committed", "read uncommitted"];
const MESSAGES: &[&str] = &[
    "debug5", "debug4", "debug3", "debug2", "debug1", "debug", "log", "notice", "warning", "error",
];

/// All settings, by name.
pub(crate) static DEFINITIONS: &[Definition] = &[
    setting(
        "application_name",
        Kind::Text,
        "",
        "The name that the client gives itself, for stoa.queries.",
    ),
    setting(
        "bytea_output",
        Kind::Choice(&["hex", "escape"]),
        "hex",
        "How bytea values are shown.",
    ),
    setting(
        "client_encoding",
        Kind::Encoding,
        "UTF8",
        "The encoding of all texts; always UTF8.",
    ),
    setting(
        "client_min_messages",
        Kind::Choice(MESSAGES),
        "notice",
        "Messages below this level are not sent to the client.",
    ),
    setting(
        "DateStyle",
        Kind::DateStyle,
        "ISO, MDY",
        "ISO, and the order of day, month and year in ambiguous dates.",
    ),
    fixed(
        "default_table_access_method",
        Kind::Text,
        "heap",
        "What tables are said to be stored with.",
    ),
    setting(
        "default_transaction_deferrable",
        Kind::Boolean,
        "off",
        "No effect: reads never wait for writes.",
    ),
    setting(
        "default_transaction_isolation",
        Kind::Choice(LEVELS),
        "read committed",
        "The isolation level that transactions report; all of them read one snapshot.",
    ),
    setting(
        "default_transaction_read_only",
        Kind::Boolean,
        "off",
        "New transactions may not write.",
    ),
    setting(
        "extra_float_digits",
        Kind::Integer {
            minimum: -15,
            maximum: 3,
        },
        "1",
        "Above 0, floating-point numbers are shown with the digits that read back the same.",
    ),
    setting(
        "idle_in_transaction_session_timeout",
        Kind::Duration {
            maximum_ms: DURATION_MS_MAX,
        },
        "0",
        "No effect: a transaction that waits holds no locks.",
    ),
    fixed(
        "in_hot_standby",
        Kind::Boolean,
        "off",
        "Whether this is a read-only copy of another server.",
    ),
    fixed(
        "integer_datetimes",
        Kind::Boolean,
        "on",
        "Times are whole microseconds.",
    ),
    setting(
        "IntervalStyle",
        Kind::Choice(&["postgres", "postgres_verbose", "sql_standard", "iso_8601"]),
        "postgres",
        "How intervals are shown.",
    ),
    fixed(
        "is_superuser",
        Kind::Boolean,
        "on",
        "Whether the user may do everything.",
    ),
    setting("jit", Kind::Boolean, "off", "No effect: queries are not compiled."),
    fixed("lc_collate", Kind::Text, "C", "Texts are ordered by their bytes."),
    fixed(
        "lc_ctype",
        Kind::Text,
        "C.UTF-8",
        "Letters are what Unicode says they are.",
    ),
    setting("lc_messages", Kind::Text, "C", "No effect: messages are in English."),
    setting("lc_monetary", Kind::Text, "C", "No effect: there is no money type."),
    setting(
        "lc_numeric",
        Kind::Text,
        "C",
        "How to_char writes numbers; always as in C.",
    ),
    setting("lc_time", Kind::Text, "C", "How to_char writes dates; always as in C."),
    setting(
        "lock_timeout",
        Kind::Duration {
            maximum_ms: DURATION_MS_MAX,
        },
        "0",
        "No effect: statements do not wait for locks.",
    ),
    fixed(
        "max_connections",
        Kind::Integer {
            minimum: 1,
            maximum: 262_143,
        },
        "1000",
        "Connections at the same time, unless the command line says otherwise.",
    ),
    fixed(
        "max_identifier_length",
        Kind::Integer {
            minimum: 63,
            maximum: 63,
        },
        "63",
        "Bytes of a name that clients may rely on.",
    ),
    fixed(
        "max_index_keys",
        Kind::Integer {
            minimum: 32,
            maximum: 32,
        },
        "32",
        "Columns of a key that clients may rely on.",
    ),
    setting("role", Kind::Text, "none", "No effect: every user may do everything."),
    setting(
        "row_security",
        Kind::Boolean,
        "on",
        "No effect: there are no row policies.",
    ),
    setting(
        "search_path",
        Kind::SearchPath,
        "\"$user\", public",
        "Schemas that unqualified names are looked up in, in order.",
    ),
    fixed(
        "server_encoding",
        Kind::Encoding,
        "UTF8",
        "The encoding of stored texts.",
    ),
    fixed(
        "server_version",
        Kind::Text,
        "15.0 (Stoa 0.1.0)",
        "The version of Postgres whose language is spoken.",
    ),
    fixed(
        "server_version_num",
        Kind::Integer {
            minimum: 0,
            maximum: 999_999,
        },
        "150000",
        "The same as a number.",
    ),
    fixed("session_authorization", Kind::Text, "", "The user of the session."),
    setting(
        "standard_conforming_strings",
        Kind::Choice(&["on"]),
        "on",
        "A backslash in '..' is a backslash.",
    ),
    setting(
        "statement_timeout",
        Kind::Duration {
            maximum_ms: DURATION_MS_MAX,
        },
        "0",
        "A statement that takes longer is ended; 0 lets it run.",
    ),
    setting(
        "stoa.as_of",
        Kind::AsOf,
        "",
        "Read the database as it was: a version, or a time; empty is now.",
    ),
    setting(
        "stoa.batch_rows",
        Kind::Integer {
            minimum: 1,
            maximum: 65_536,
        },
        "8192",
        "Rows that operators hand on at a time.",
    ),
    setting(
        "stoa.commit_cause",
        Kind::Cause,
        "",
        "What commits are for, in place of the statement's name: a part of explanations of what changed.",
    ),
    setting(
        "stoa.complete_until",
        Kind::Text,
        "",
        "Fail to read tables whose events are not there up to this time; empty demands nothing.",
    ),
    setting(
        "stoa.corrections",
        Kind::Boolean,
        "on",
        "Whether queries see rows that came into periods after these were sealed.",
    ),
    setting(
        "stoa.disabled_passes",
        Kind::Passes,
        "",
        "Optimizer passes to leave out, by name, or all.",
    ),
    setting(
        "stoa.memory_limit",
        Kind::Size {
            maximum_bytes: i64::MAX,
        },
        "0",
        "Memory that one statement may reserve; 0 is what the database has for all of them.",
    ),
    setting(
        "stoa.producer",
        Kind::Text,
        "",
        "Who brings the rows that INSERT and COPY put into tables.",
    ),
    setting(
        "stoa.producer_epoch",
        Kind::Integer {
            minimum: 0,
            maximum: i64::MAX,
        },
        "0",
        "Which of a producer's lives this is: once a larger one has committed a batch, smaller ones cannot.",
    ),
    setting(
        "stoa.producer_token",
        Kind::Token,
        "",
        "The number of the batch that the next commit is: one that was committed before is acknowledged and changes nothing.",
    ),
    setting(
        "stoa.threads",
        Kind::Integer {
            minimum: 0,
            maximum: 1_024,
        },
        "0",
        "Threads that one statement may use at once; 0 is all that the database has.",
    ),
    setting(
        "stoa.use_metadata",
        Kind::Boolean,
        "on",
        "Answer from the summaries of segments and blocks where that is exact.",
    ),
    setting(
        "stoa.use_rollups",
        Kind::Boolean,
        "on",
        "Answer from materialized views where they have what a query asks for.",
    ),
    setting(
        "stoa.verify_rollups",
        Kind::Boolean,
        "off",
        "Compute what materialized views answer from the rows too, and fail where the answers differ.",
    ),
    setting(
        "stoa.window_mode",
        Kind::Choice(&["all", "final"]),
        "all",
        "Whether queries see events that others may still come beside, or only windows that are final.",
    ),
    setting(
        "synchronous_commit",
        Kind::Choice(&["on", "local", "remote_write", "remote_apply"]),
        "on",
        "A commit is acknowledged once it is synced.",
    ),
    setting(
        "TimeZone",
        Kind::TimeZone,
        "UTC",
        "The time zone in which timestamptz is shown and read.",
    ),
    setting(
        "transaction_deferrable",
        Kind::Boolean,
        "off",
        "No effect: reads never wait for writes.",
    ),
    setting(
        "transaction_isolation",
        Kind::Choice(LEVELS),
        "read committed",
        "The isolation level the transaction reports.",
    ),
    setting(
        "transaction_read_only",
        Kind::Boolean,
        "off",
        "The transaction may not write.",
    ),
    setting(
        "work_mem",
        Kind::Size {
            maximum_bytes: i64::MAX,
        },
        "4MB",
        "No effect; see stoa.memory_limit.",
    ),
    setting(
        "xmloption",
        Kind::Choice(&["content", "document"]),
        "content",
        "No effect: there is no xml type.",
    ),
];

/// The setting of a name.
pub(crate) fn find(name: &str) -> Option<&'static Definition> {
    DEFINITIONS
        .iter()
        .find(|definition| definition.name.eq_ignore_ascii_case(name))
}
