"""What a figure was measured on: processor, cores, memory, Python, versions."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

OURS = ("keepfit", "numpy", "polars", "pyarrow", "scipy")


def machine() -> dict[str, str | int]:
    """Facts that a reader needs beside a figure."""
    facts: dict[str, str | int] = {
        "processor": _first("/proc/cpuinfo", "model name") or platform.processor() or platform.machine(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        "memory_gb": round(_memory_gb()),
        "load": f"{os.getloadavg()[0]:.1f}",
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }
    return facts | {name: version(name) for name in OURS}


def told(facts: dict[str, str | int]) -> str:
    """The facts in two lines."""
    packages = ", ".join(f"{name} {facts[name]}" for name in OURS)
    return (
        f"{facts['processor']}, {facts['cores']} cores, {facts['memory_gb']} GB, load {facts['load']}, "
        f"{facts['system']}\nPython {facts['python']}, {packages}"
    )


def _first(path: str, key: str) -> str:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(key)), "")


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
