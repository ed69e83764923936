"""What this machine computes with: versions, processor, BLAS and its threads."""

import os
import platform
from importlib import metadata
from typing import Any

from tfviz import __version__

PACKAGES = ("numpy", "PySide6-Essentials", "pyqtgraph", "safetensors", "threadpoolctl")


def machine() -> dict[str, Any]:
    """JSON values by name. Loads no Qt: the versions are those of the installed packages."""
    from tfviz.app.machine import blas_threads
    from tfviz.training.run_file.fingerprint import numerical_fingerprint

    fingerprint = {name: value for name, value in numerical_fingerprint().items() if value is not None}
    return {
        "tfviz": __version__,
        "python": platform.python_version(),
        **{package: _version(package) for package in PACKAGES},
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "usable cores": _usable_cores(),
        "blas threads": blas_threads(),
        "numerical fingerprint": fingerprint,
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _usable_cores() -> int | None:
    """Those that the system lets this process use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
