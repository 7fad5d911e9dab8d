"""What a figure was measured on: processor, cores, memory, Python, versions, and how much of it others took."""

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
        "stolen": _stolen(_BEGUN, _ticks()),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
    }
    return facts | {name: version(name) for name in OURS}


def told(facts: dict[str, str | int]) -> str:
    """The facts in two lines."""
    packages = ", ".join(f"{name} {facts[name]}" for name in OURS)
    return (
        f"{facts['processor']}, {facts['cores']} cores, {facts['memory_gb']} GB, load {facts['load']}, "
        f"stolen by the host {facts['stolen']}, {facts['system']}\nPython {facts['python']}, {packages}"
    )


def _ticks() -> tuple[int, int]:
    """Since the start of the system: the time in which its processors worked, and in which the host gave them to others."""
    try:
        user, nice, system, _, _, irq, softirq, steal, *_ = map(
            int, _first("/proc/stat", "cpu ", separator=" ").split()
        )
    except ValueError:  # a system that does not tell
        return 0, 0
    return user + nice + system + irq + softirq, steal


def _stolen(before: tuple[int, int], after: tuple[int, int]) -> str:
    """The share of the time in which the processors were wanted here. Wall time suffers by it, and threads most."""
    worked, stolen = (new - old for old, new in zip(before, after, strict=True))
    return f"{stolen / (worked + stolen):.0%}" if worked + stolen else "unknown"


def _first(path: str, key: str, separator: str = ":") -> str:
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.split(separator, 1)[1].strip() for line in lines if line.startswith(key)), "")


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


_BEGUN = _ticks()
