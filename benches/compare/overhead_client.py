"""The client of the mode `server`, and the same without a server: blocking sockets, one large buffer, bytes counted. Never more work
between two calls of the kernel than comparing or adding."""

import multiprocessing
import socket
import time

import wire

BUFFER = 1 << 20


def round_trips(connection, request, expected, count):
    """Times of so many requests, one after another, each answered as expected; and this process's processor seconds."""
    times, view = [], memoryview(bytearray(1 << 16))
    send, receive, clock = connection.sendall, connection.recv_into, time.perf_counter
    before = time.process_time()
    for _ in range(count):
        begin = clock()
        send(request)
        got = receive(view)
        while got < len(expected):
            got += receive(view[got:])
        times.append(clock() - begin)
        if view[:got] != expected:
            raise wire.WireError(f"{bytes(view[:got])!r} instead of {expected!r}")
    return times, time.process_time() - before


def _echo(port, length, answer):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        view = memoryview(bytearray(1 << 16))
        while True:
            got = 0
            while got < length:
                part = connection.recv_into(view[got:])
                if not part:
                    return
                got += part
            connection.sendall(answer)


def _other(work, *arguments):
    """A process that connects to this one: process and connection."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        process = multiprocessing.get_context("spawn").Process(target=work, args=(listener.getsockname()[1], *arguments), daemon=True)
        process.start()
        connection, _ = listener.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return process, connection


def echo(request, expected, count):
    """The times of a process that answers the same bytes without looking."""
    process, connection = _other(_echo, len(request), expected)
    with connection:
        times, _ = round_trips(connection, request, expected, count)
    process.join(30)
    return times


def receive(connection, request):
    """Sends a request and counts the bytes up to ReadyForQuery: seconds, this process's processor seconds, bytes."""
    view, count, tail = memoryview(bytearray(BUFFER)), 0, b""
    before, begin = time.process_time(), time.perf_counter()
    connection.sendall(request)
    while not wire.is_ready(tail):
        got = connection.recv_into(view)
        if not got:
            raise wire.WireError("the server closed the connection")
        count += got
        if count == got:
            first = bytes(view[:got])
        tail = (tail + bytes(view[max(got - wire.READY_BYTES, 0) : got]))[-wire.READY_BYTES :]
    seconds = time.perf_counter() - begin
    if first[:1] == b"E":
        wire.check(first)
    return seconds, time.process_time() - before, count


def _pour(port, count):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        data = memoryview(bytes(BUFFER))
        while count > 0:
            count -= connection.send(data[: min(count, BUFFER)])


def plain_copy(count):
    """Bytes a second that another process sends without thinking."""
    process, connection = _other(_pour, count)
    view, got = memoryview(bytearray(BUFFER)), 0
    with connection:
        begin = time.perf_counter()
        while got < count:
            got += connection.recv_into(view)
        seconds = time.perf_counter() - begin
    process.join(30)
    return count / seconds


def check_rows(data, rows, factors, name):
    """Whether rows in binary COPY's form hold 1, 2, 3 .. times each factor; bigints first, then doubles."""
    import numpy

    fields = [("count", ">i2")]
    for place, factor in enumerate(factors):
        fields += [(f"length_{place}", ">i4"), (f"value_{place}", ">i8" if isinstance(factor, int) else ">f8")]
    found = numpy.frombuffer(data, dtype=numpy.dtype(fields))
    numbers = numpy.arange(1, rows + 1)
    right = len(found) == rows and (found["count"] == len(factors)).all()
    for place, factor in enumerate(factors):
        right = right and (found[f"length_{place}"] == 8).all() and (found[f"value_{place}"] == numbers * factor).all()
    if not right:
        raise wire.WireError(f"{name}: the rows are not what was put in")
