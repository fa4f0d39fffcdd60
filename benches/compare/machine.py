"""What the machine is, what processes take, what folders hold."""

import os
import pathlib
import platform
import tempfile
import time


def machine():
    """The line that belongs beside every figure."""
    model = platform.processor()
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.split(":", 1)[1].strip()
            break
    memory_kib = int(pathlib.Path("/proc/meminfo").read_text().split()[1])
    load = os.getloadavg()[0]
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "memory_gib": round(memory_kib / 2**20, 1),
        "kernel": platform.release(),
        "load_average_before": round(load, 2),
    }


def peak_memory_bytes(process_id="self"):
    """The most memory a process ever had resident, mapped files included."""
    for line in pathlib.Path(f"/proc/{process_id}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) * 1024
    return 0


def forget_peak(process_id="self"):
    """Begins measuring the peak anew, where the kernel allows it."""
    try:
        pathlib.Path(f"/proc/{process_id}/clear_refs").write_text("5")
    except OSError:
        pass


DROP_CACHES = pathlib.Path("/proc/sys/vm/drop_caches")


def can_drop_page_cache():
    """Whether this process may."""
    return os.access(DROP_CACHES, os.W_OK)


def drop_page_cache():
    """Lets the kernel forget what it keeps of files."""
    os.sync()
    DROP_CACHES.write_text("3")


def folder_bytes(path):
    """The bytes of a file, or of all files below a folder."""
    path = pathlib.Path(path)
    if path.is_file():
        return path.stat().st_size
    return sum(file.stat().st_size for file in path.rglob("*") if file.is_file())


def processor_seconds(process_id="self"):
    """The processor time a process has taken."""
    fields = pathlib.Path(f"/proc/{process_id}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def busy_seconds():
    """The processor time that all cores have spent on anything."""
    fields = [int(field) for field in pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    return (sum(fields) - fields[3] - fields[4]) / os.sysconf("SC_CLK_TCK")


class Shares:
    """Who kept the processors busy during a measurement, in cores: a database, the clients, and everybody else."""

    def __init__(self, process_id):
        self._process_id, self._begin = process_id, time.perf_counter()
        self._busy, self._own = busy_seconds(), processor_seconds(process_id)

    def end(self, seconds, client_seconds, busy=None):
        """Ends the measurement, which took so long; `busy` is what all cores did in that time, where clients were started besides."""
        own = processor_seconds(self._process_id) - self._own
        if busy is None:
            busy = (busy_seconds() - self._busy) / (time.perf_counter() - self._begin) * seconds
        shares = {"database": own, "clients": client_seconds, "others": max(busy - own - client_seconds, 0.0)}
        return {f"{name}_cores": round(value / seconds, 3) for name, value in shares.items()}


def sync_seconds(folder, count=50):
    """The median time of a short write and its sync, in this folder just now: the least that a durable statement takes."""
    times = []
    with tempfile.NamedTemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(count):
            begin = time.perf_counter()
            file.write(b"x" * 200)
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - begin)
    return sorted(times)[count // 2]
