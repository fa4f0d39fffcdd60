"""How a suite's Parquet files are made: by the stoa binary for so many rows, or by a kit's generator for a scale factor."""

import pathlib
import shutil
import subprocess
import sys

import star

PARTS = 8


def stoa(options, suite, folder):
    """`stoa bench generate`, for the suites whose data is this project's own."""
    command = [options.stoa, "bench", "generate", suite.generator, "--rows", str(count(options.size))]
    subprocess.run([*command, "--codec", options.codec, "--out", str(folder)], check=True)


def tpch(options, suite, folder):
    """TPC-H's tables by tpchgen-cli, which makes what the kit's dbgen makes."""
    program = pathlib.Path(sys.executable).parent / "tpchgen-cli"
    codec = {"snappy": "SNAPPY", "zstd": "ZSTD(1)", "none": "UNCOMPRESSED"}[options.codec]
    command = [program, "parquet", "--scale-factor", options.size, "--parts", str(PARTS), "--compression", codec]
    subprocess.run([*command, "--quiet", "--output-dir", str(folder)], check=True)


def ssb(options, suite, folder):
    """The star that the Star Schema Benchmark makes of TPC-H's tables."""
    kit = folder / "kit"
    tpch(options, suite, kit)
    star.write(kit, folder, options.codec, options.threads)
    shutil.rmtree(kit)


BY_SCALE = {"tpch": tpch, "ssb": ssb}


def count(text):
    """`100M` as a number."""
    unit = {"k": 10**3, "M": 10**6, "G": 10**9}.get(text[-1:], 1)
    return int(text.rstrip("kMG").replace("_", "")) * unit


def parquet(options, suite):
    """The folder of Parquet files, made unless it is there already."""
    if options.parquet:
        return pathlib.Path(options.parquet).resolve()
    folder = pathlib.Path(options.data).resolve() / f"{suite.generator}-{options.size}-{options.codec}"
    if not (folder / "complete").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        BY_SCALE.get(suite.generator, stoa)(options, suite, folder)
        (folder / "complete").touch()
    return folder
