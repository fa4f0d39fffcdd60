"""Installs what clients need, once: programs from Debian, Python's and node's packages from their registries, the Rust sessions from
crates.io. Everything but Debian's packages goes below `.installed`."""

import glob
import os
import pathlib
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
INSTALLED = HERE / ".installed"


class Missing(Exception):
    """A client cannot be had here; says why."""


def run(command, what, **others):
    """Runs an installer silently; its last lines tell why it failed."""
    print(f"  installing {what}", file=sys.stderr, flush=True)
    ended = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL, **others)
    if ended.returncode != 0:
        raise Missing(f"{what} cannot be installed: " + " ".join((ended.stderr or ended.stdout).split())[-400:])


def is_there(thing):
    """Whether a program or a file is there."""
    return bool(glob.glob(thing)) if thing.startswith("/") else shutil.which(thing) is not None


def debian(needs):
    """Brings Debian's packages."""
    packages = sorted({package for thing, package in needs.items() if not is_there(thing)})
    if not packages:
        return
    if os.geteuid() != 0:
        raise Missing("please install " + ", ".join(packages))
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    run(["apt-get", "update", "-qq"], "Debian's lists", env=environment)
    run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], ", ".join(packages), env=environment)


def python(environment, packages):
    """A virtual environment with packages; gives its interpreter."""
    folder = INSTALLED / environment
    interpreter = folder / "bin/python"
    if not interpreter.exists():
        run([sys.executable, "-m", "venv", str(folder)], f"a virtual environment ({environment})")
    ready = folder / "ready"
    known = set(ready.read_text().splitlines()) if ready.exists() else set()
    wanted = [package for package in packages if package not in known]
    if wanted:
        run([str(interpreter), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted], ", ".join(wanted))
        ready.write_text("\n".join(sorted(known | set(wanted))) + "\n")
    return interpreter


def node():
    """The packages of node/package.json."""
    folder, manifest = HERE / "node", HERE / "node/package.json"
    ready = folder / "node_modules/.ready"
    if not ready.exists() or manifest.stat().st_mtime > ready.stat().st_mtime:
        run(["npm", "install", "--no-package-lock", "--no-audit", "--no-fund", "--ignore-scripts"], "node's packages", cwd=folder)
        ready.touch()


def rust():
    """The Rust sessions; gives the folder of their binaries."""
    target = INSTALLED / "rust"
    run(["cargo", "build", "--quiet", "--locked", "--target-dir", str(target)], "the Rust sessions", cwd=HERE / "rust")
    return target / "debug"
