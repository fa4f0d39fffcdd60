"""What a peer can do, and how it is run: each in-process database in a process of its own, all alive for the whole run, one
working at a time."""

import multiprocessing
import time
import traceback


class Peer:
    """A database under measurement. `open` may be called again after `close`, on the same files."""

    name = "?"
    dialect = "?"

    def version(self):
        """Name and version, as the database says it."""
        raise NotImplementedError

    def open(self):
        """Opens the database, made if it is not there."""
        raise NotImplementedError

    def load(self, schema, tables):
        """Makes the tables and loads the Parquet files of each: {table: folder}. Durable when it returns."""
        raise NotImplementedError

    def query(self, sql, settings):
        """All rows of the answer."""
        raise NotImplementedError

    def disk_bytes(self):
        """What the tables take on disk."""
        raise NotImplementedError

    def peak_memory_bytes(self):
        """The most memory resident since `forget_peak`."""
        raise NotImplementedError

    def forget_peak(self):
        """Begins measuring the peak anew."""

    def close(self):
        """Closes the database."""
        raise NotImplementedError


def timed(work, *arguments):
    """Seconds and result."""
    begin = time.perf_counter()
    result = work(*arguments)
    return time.perf_counter() - begin, result


def _serve(connection, peer):
    while True:
        try:
            method, arguments = connection.recv()
        except EOFError:
            return
        try:
            connection.send((True, timed(getattr(peer, method), *arguments)))
        except Exception as error:  # everything a peer can fail with belongs to the report
            text = f"{type(error).__name__}: {error}" if str(error) else traceback.format_exc()
            connection.send((False, " ".join(text.split())[:300]))


class PeerError(Exception):
    """What a peer answered instead of a result."""


class Remote:
    """A peer in its own process; times are taken there, around the call."""

    def __init__(self, peer):
        context = multiprocessing.get_context("spawn")
        self.name, self.dialect = peer.name, peer.dialect
        self._connection, theirs = context.Pipe()
        self._process = context.Process(target=_serve, args=(theirs, peer), daemon=True)
        self._process.start()
        theirs.close()

    def call(self, method, *arguments):
        """Seconds that the call took, and its result."""
        try:
            self._connection.send((method, arguments))
            worked, result = self._connection.recv()
        except (EOFError, BrokenPipeError):
            raise PeerError(f"{self.name}'s process ended") from None
        if not worked:
            raise PeerError(result)
        return result

    def stop(self):
        """Ends the process, gently at first."""
        self._connection.close()
        self._process.join(30)
        if self._process.is_alive():
            self._process.kill()
