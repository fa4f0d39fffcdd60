//! Every bound of the server, and what holds between them. Nothing else in this crate names a limit.

/// A startup packet, with its length word; as in Postgres.
pub const STARTUP_PACKET_BYTES_MAX: usize = 10_000;
/// From accept to the end of the startup exchange.
pub const STARTUP_TIME_MAX_MS: u64 = 10_000;
/// One Query, Parse, Bind or CopyData message. Longer COPY streams come as several messages.
pub const MESSAGE_BYTES_MAX: usize = 256 << 20;
/// One message of a kind that carries only names and numbers; as in Postgres.
pub const SMALL_MESSAGE_BYTES_MAX: usize = 10_000;
/// One DataRow or CopyData message to a client.
pub const RESPONSE_BYTES_MAX: usize = (1 << 30) - 1;
/// Connections open at the same time, unless `--connections` says otherwise; an HTTP request is one while it runs.
pub const CONNECTIONS_MAX: usize = 1_000;
/// Sockets that are still in their startup exchange, or of HTTP between two requests, beyond the connections.
pub const STARTING_CONNECTIONS_MAX: usize = 128;
/// Output is written to the socket when so much is waiting.
pub const WRITE_BUFFER_BYTES: usize = 256 << 10;
/// A write buffer that one large row has grown beyond this is given back.
pub const WRITE_BUFFER_KEEP_BYTES: usize = 1 << 20;
/// How often a statement whose client does not take its rows looks whether it is to go on.
pub const WRITE_CHECK_INTERVAL_MS: u64 = 10;
/// Room for the first read of a connection; grows while reads fill it.
pub const READ_BUFFER_BYTES_MIN: usize = 8 << 10;
/// Room for one read at most.
pub const READ_BUFFER_BYTES_MAX: usize = 256 << 10;
/// How long a thread waits awake for the next statement of a prompt client, where no other connection is at work.
pub const AWAKE_WAIT_MAX_US: u64 = 50;
/// A client whose last statement came within this time after its last answer is prompt. Longer than the wait: that is a thread that had
/// to be woken.
pub const PROMPT_WAIT_MAX_US: u64 = 100;
/// Of what a client still sends when its connection ends, so much is taken, that it comes to read the last message.
pub const DRAIN_BYTES_MAX: usize = 4 << 20;
/// Named prepared statements of one connection.
pub const PREPARED_STATEMENTS_MAX: usize = 10_000;
/// Open portals of one connection.
pub const PORTALS_MAX: usize = 1_000;
/// Parameters of one Bind, and columns of one result: the protocol counts them in 16 bits.
pub const COLUMNS_MAX: usize = 32_767;
/// Stack of a connection's thread. The compiler recurses here: with less than its limits can need it would map another stack for
/// every statement. Only what is touched takes memory.
pub const CONNECTION_STACK_BYTES: usize = 80 << 20;
/// How often it is looked whether the clients of running statements are still there. The statement of one that was gone twice is
/// ended: short writes still finish.
pub const CLIENT_CHECK_INTERVAL_MS: u64 = 50;
/// The same where no statement ran at the last look.
pub const CLIENT_CHECK_IDLE_INTERVAL_MS: u64 = 500;
/// A statement whose HTTP request is broken off is ended after this time.
pub const HTTP_DISCONNECT_CANCEL_DELAY_MS: u64 = 20;
/// The request line and the headers of an HTTP request.
pub const HTTP_HEADER_BYTES_MAX: usize = 32 << 10;
/// From the accept, or from the end of the request before, until the headers of a request are there: so long is an idle HTTP connection
/// kept, too.
pub const HTTP_HEADER_TIME_MAX_MS: u64 = 10_000;
/// How long the body of an HTTP request may bring nothing.
pub const HTTP_BODY_IDLE_TIME_MAX_MS: u64 = 15_000;
/// What one HTTP connection reads or writes at once, at most.
pub const HTTP_BUFFER_BYTES_MAX: usize = 256 << 10;
/// A statement that comes over HTTP.
pub const HTTP_STATEMENT_BYTES_MAX: usize = 16 << 20;
/// What the compressed body of an HTTP request may become. One that is not compressed is as long as its client likes to send.
pub const HTTP_DECOMPRESSED_BYTES_MAX: u64 = 64 << 30;
/// Pieces of an answer, of `WRITE_BUFFER_BYTES` or a bit more, that wait for their HTTP connection.
pub const HTTP_WAITING_PIECES_MAX: usize = 2;
/// Rows of an answer that are written at once, before it is known how long they are.
pub const HTTP_ROWS_FIRST: usize = 64;
/// Rows of an answer that are written at once, at most.
pub const HTTP_ROWS_MAX: usize = 4_096;
/// Of a body whose request has been answered already, so much is still read, that the client comes to read the answer.
pub const HTTP_DRAIN_BYTES_MAX: usize = 64 << 20;
/// For so long.
pub const HTTP_DRAIN_TIME_MAX_MS: u64 = 5_000;
/// How long a stop waits for answers that are on their way to their clients.
pub const STOP_FLUSH_MS: u64 = 1_000;
/// How long a stop waits for running statements before it cancels them.
pub const STOP_GRACE_MS: u64 = 3_000;
/// How long a stop waits for cancelled statements.
pub const STOP_CANCEL_MS: u64 = 5_000;

const _: () = assert!(SMALL_MESSAGE_BYTES_MAX < MESSAGE_BYTES_MAX && MESSAGE_BYTES_MAX < i32::MAX as usize);
const _: () = assert!(READ_BUFFER_BYTES_MIN < READ_BUFFER_BYTES_MAX);
const _: () = assert!(CLIENT_CHECK_INTERVAL_MS <= CLIENT_CHECK_IDLE_INTERVAL_MS);
const _: () = assert!(AWAKE_WAIT_MAX_US < PROMPT_WAIT_MAX_US);
const _: () = assert!(WRITE_BUFFER_BYTES < WRITE_BUFFER_KEEP_BYTES);
const _: () = assert!(HTTP_HEADER_BYTES_MAX < HTTP_BUFFER_BYTES_MAX && HTTP_ROWS_FIRST <= HTTP_ROWS_MAX);
