"""Servers that sessions talk to: a Stoa built before, and a real PostgreSQL, each with data of its own on a free port. Both end with
the block that started them."""

import glob
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time

FIXTURE = pathlib.Path(__file__).resolve().parent / "fixture.sql"
START_SECONDS_MAX = 60


class Server:
    """A server with the fixture in it; a context manager."""

    kind = ""

    def __init__(self):
        self.port = None
        self.process = None
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="clients-"))

    def environment(self):
        """How libpq and its kin find it."""
        return {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGUSER": "stoa", "PGDATABASE": "stoa", "SERVER_KIND": self.kind}

    def url(self):
        """The same as a URL."""
        return f"postgresql://stoa@127.0.0.1:{self.port}/stoa"

    def __enter__(self):
        try:
            self.start()
            self.load()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if self.process is not None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def load(self):
        """Loads the fixture."""
        command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-f", str(FIXTURE)]
        ended = subprocess.run(command, env={**os.environ, **self.environment()}, capture_output=True, text=True, check=False)
        if ended.returncode != 0:
            raise RuntimeError(f"the fixture is refused: {ended.stderr}")

    def is_running(self):
        """Whether it still runs."""
        return self.process.poll() is None


class Stoa(Server):
    """A served Stoa."""

    kind = "stoa"

    def __init__(self, binary):
        super().__init__()
        self.binary = binary

    def start(self):
        """Starts it and waits until it says where it listens."""
        command = [self.binary, "serve", "--data", str(self.folder / "data"), "--listen", "127.0.0.1:0"]
        log = open(self.folder / "log", "w")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True)
        for line in self.process.stdout:
            if " on 127.0.0.1:" in line:
                self.port = int(line.rsplit(" on 127.0.0.1:", 1)[1].split(".")[0].split()[0])
                break
        else:
            raise RuntimeError(f"stoa does not start: {(self.folder / 'log').read_text()}")
        # Read to the end, so that the server never waits for a full pipe.
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def last_words(self):
        """The end of its log."""
        return (self.folder / "log").read_text()[-500:]


class Postgres(Server):
    """A PostgreSQL; where this process is root, as the user postgres."""

    kind = "postgres"

    def start(self):
        """Makes a cluster and starts it."""
        folders = sorted(glob.glob("/usr/lib/postgresql/*/bin"), key=lambda path: int(path.split("/")[-2]))
        if not folders:
            raise RuntimeError("no PostgreSQL is installed")
        programs, data = folders[-1], self.folder / "data"
        as_user = []
        if os.geteuid() == 0:
            shutil.chown(self.folder, "postgres")
            as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        make = [*as_user, f"{programs}/initdb", "-D", str(data), "-U", "stoa", "--encoding=UTF8", "--locale=C", "--auth=trust", "--no-sync"]
        subprocess.run(make, check=True, capture_output=True, cwd=self.folder)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        settings = {"fsync": "off", "unix_socket_directories": str(self.folder), "listen_addresses": "127.0.0.1", "max_connections": "50"}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        log = open(self.folder / "log", "w")
        command = [*as_user, f"{programs}/postgres", "-D", str(data), "-p", str(self.port), *options]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.folder)
        deadline = time.monotonic() + START_SECONDS_MAX
        while subprocess.run([f"{programs}/pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)], check=False).returncode != 0:
            if time.monotonic() > deadline or not self.is_running():
                raise RuntimeError(f"PostgreSQL does not start: {(self.folder / 'log').read_text()}")
            time.sleep(0.1)
        subprocess.run(["createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "stoa", "stoa"], check=True)

    def last_words(self):
        """The end of its log."""
        return (self.folder / "log").read_text()[-500:]
