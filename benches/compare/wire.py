"""The Postgres protocol with nothing around it: messages as bytes, a socket, answers as bytes. A client this thin costs a few
microseconds a query, so that what is measured is the server. It never interprets values and knows no authentication."""

import socket
import struct

READY = b"Z\x00\x00\x00\x05"
READY_BYTES = 6


class WireError(Exception):
    """What the server said instead of an answer."""


def message(kind, body):
    """A message of the protocol."""
    return kind + struct.pack("!I", len(body) + 4) + body


def simple(sql):
    """A statement in the simple protocol."""
    return message(b"Q", sql.encode() + b"\0")


SYNC = message(b"S", b"")


def parse(name, sql):
    """Prepares a statement under a name."""
    return message(b"P", name.encode() + b"\0" + sql.encode() + b"\0" + struct.pack("!H", 0))


def execute(name, values=(), binary=False):
    """Binds text values to a prepared statement and runs it, the result in text or in binary."""
    body = b"\0" + name.encode() + b"\0" + struct.pack("!HH", 0, len(values))
    for value in values:
        text = str(value).encode()
        body += struct.pack("!I", len(text)) + text
    body += struct.pack("!HH", 1, 1 if binary else 0)
    return message(b"B", body) + message(b"E", b"\0" + struct.pack("!I", 0))


def connect(port):
    """A connection ready for statements: blocking, without delay."""
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    words = b"user\0bench\0database\0stoa\0\0"
    connection.sendall(struct.pack("!II", len(words) + 8, 196608) + words)
    check(answer(connection))
    check(ask(connection, simple("SET TimeZone = 'UTC'")))
    return connection


def is_ready(received):
    """Whether an answer seems complete. Who must be sure compares all of it with what it should be."""
    return received[-READY_BYTES:-1] == READY


def answer(connection):
    """Everything up to the next ReadyForQuery."""
    received = bytearray()
    while not is_ready(received):
        part = connection.recv(1 << 18)
        if not part:
            raise WireError("the server closed the connection")
        received += part
    return bytes(received)


def ask(connection, request):
    """Sends a request and waits for its whole answer."""
    connection.sendall(request)
    return answer(connection)


def messages(received):
    """The messages of an answer: kind and body."""
    place = 0
    while place < len(received):
        length = struct.unpack_from("!I", received, place + 1)[0]
        yield received[place : place + 1], received[place + 5 : place + 1 + length]
        place += 1 + length


def check(received):
    """Raises what an answer has of errors."""
    for kind, body in messages(received):
        if kind == b"E":
            fields = dict((field[:1], field[1:].decode()) for field in body.split(b"\0") if field)
            raise WireError(f"{fields.get(b'C')}: {fields.get(b'M')}")
    return received
