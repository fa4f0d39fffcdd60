"""How a session in Python says what came out: a line `ok NAME` or `not ok NAME # why` for each check, `version ..` for what it ran with
and `end` as the last line, as matrix.py reads them. A check that fails does not end the session."""

import os
import sys


class Checks:
    """The checks of one session."""

    def __init__(self, recover=lambda: None):
        """`recover` is called after a check that failed, so that the next one finds no transaction in an error."""
        self.recover = recover

    def version(self, text):
        """Tells the client's version."""
        print("version", text, flush=True)

    def __call__(self, name):
        """Runs the decorated function as a check at once."""

        def run(function):
            try:
                function()
            except BaseException as error:  # every failure is an answer, not the end
                if isinstance(error, KeyboardInterrupt):
                    raise
                print(f"not ok {name} # {type(error).__name__}: " + " ".join(str(error).split())[:400], flush=True)
                try:
                    self.recover()
                except Exception as trouble:
                    print("# after it:", trouble, file=sys.stderr)
            else:
                print(f"ok {name}", flush=True)
            return function

        return run

    def equal(self, name, ask, expected):
        """A check that a call answers with a value."""

        @self(name)
        def _():
            equal(ask(), expected)

    def end(self):
        """The last line."""
        print("end", flush=True)


def equal(actual, expected):
    """Fails where two values are not the same, or not of the same type."""
    if repr(actual) != repr(expected) and not (actual == expected and type(actual) is type(expected)):
        raise AssertionError(f"{actual!r} instead of {expected!r}")


def raises(kind, call, **attributes):
    """Fails unless a call raises an error of this kind with these attributes; gives the error."""
    try:
        call()
    except kind as error:
        for name, expected in attributes.items():
            equal(getattr(error, name), expected)
        return error
    raise AssertionError(f"no {kind.__name__}")


def address():
    """Where the server listens: host, port, user and database, as libpq's variables tell."""
    return os.environ["PGHOST"], int(os.environ["PGPORT"]), os.environ["PGUSER"], os.environ["PGDATABASE"]


def url(scheme="postgresql"):
    """The server as a URL."""
    host, port, user, database = address()
    return f"{scheme}://{user}@{host}:{port}/{database}"


def is_stoa():
    """Whether the server is Stoa: for the few statements that PostgreSQL does not have."""
    return os.environ.get("SERVER_KIND") != "postgres"


class raises_inside:
    """A block that must end with an error of this kind."""

    def __init__(self, kind):
        self.kind = kind

    def __enter__(self):
        return self

    def __exit__(self, kind, value, traceback):
        if not isinstance(value, self.kind):
            raise AssertionError(f"no {self.kind.__name__}, but {value!r}")
        return True
