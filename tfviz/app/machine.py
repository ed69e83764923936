"""What this machine computes with: versions, processor, BLAS and its threads."""

import os
import platform
from importlib import metadata
from typing import Any

from tfviz import __version__

PACKAGES = ("numpy", "PySide6-Essentials", "pyqtgraph", "safetensors", "threadpoolctl")


def machine() -> dict[str, Any]:
    """JSON values by name. Names no Qt library into memory."""
    import numpy  # noqa: F401, so that its BLAS is loaded and can be asked
    from threadpoolctl import threadpool_info

    from tfviz.training.run_file.fingerprint import numerical_fingerprint

    libraries = [library for library in threadpool_info() if library.get("user_api") == "blas"]
    return {
        "tfviz": __version__,
        "python": platform.python_version(),
        **{package: _version(package) for package in PACKAGES},
        "system": platform.platform(),
        "cores": os.cpu_count(),
        "usable cores": _usable_cores(),
        "blas threads": max((int(library["num_threads"]) for library in libraries), default=None),
        "numerical fingerprint": {
            name: value for name, value in numerical_fingerprint().items() if value is not None
        },
    }


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def _usable_cores() -> int | None:
    """Those that the system lets this process use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
