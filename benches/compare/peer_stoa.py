"""Stoa as it is used: the binary serves, this process asks over the Postgres wire."""

import pathlib
import socket
import subprocess
import time

import machine
from peer import Peer


class Stoa(Peer):
    """See the module."""

    name = "Stoa"
    dialect = "stoa"

    def __init__(self, folder, threads, binary, import_folder, memory_limit=None):
        self.folder = pathlib.Path(folder) / "stoa"
        self.threads = threads
        self.binary = binary
        self.import_folder = import_folder
        self.memory_limit = memory_limit
        self.server = None
        self.port = None
        self.connection = None
        self.set_now = {}

    def version(self):
        line = subprocess.run([self.binary, "--version"], capture_output=True, text=True, check=True).stdout.strip()
        return line.replace("stoa", "Stoa", 1)

    def open(self):
        import psycopg

        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        log = open(self.folder.parent / "stoa.log", "ab")
        command = [self.binary, "serve", "--data", self.folder, "--listen", f"127.0.0.1:{self.port}"]
        command += ["--threads", str(self.threads), "--import-dir", self.import_folder]
        command += ["--memory-limit", self.memory_limit] if self.memory_limit else []
        self.server = subprocess.Popen([str(word) for word in command], stdout=log, stderr=log)
        deadline = time.monotonic() + 120
        while True:
            if self.server.poll() is not None:
                raise RuntimeError(f"the server ended with {self.server.returncode}; see {self.folder.parent}/stoa.log")
            try:
                # An ordinary client: text of statements, no preparation.
                self.connection = psycopg.connect(host="127.0.0.1", port=self.port, dbname="stoa", user="bench", autocommit=True, prepare_threshold=None)
                break
            except psycopg.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)
        self.set_now = {}
        self.connection.execute("SET TimeZone = 'UTC'")

    def load(self, schema, tables):
        for statement in schema:
            self.connection.execute(statement)
        for table, folder in tables.items():
            self.connection.execute(f"COPY {table} FROM '{folder}/*.parquet' (FORMAT parquet)")

    def query(self, sql, settings):
        if settings != self.set_now:
            for name in self.set_now:
                self.connection.execute(f"RESET {name}")
            for name, value in settings.items():
                self.connection.execute(f"SET {name} = {value}")
            self.set_now = dict(settings)
        return self.connection.execute(sql).fetchall()

    def disk_bytes(self):
        return machine.folder_bytes(self.folder)

    def peak_memory_bytes(self):
        return machine.peak_memory_bytes(self.server.pid)

    def forget_peak(self):
        machine.forget_peak(self.server.pid)

    def close(self):
        self.connection.close()
        self.server.terminate()
        self.server.wait(120)
