"""What the machine is, what processes take, what folders hold."""

import os
import pathlib
import platform


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
