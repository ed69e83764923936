"""What decides the bits of a computation besides the configuration: processor, NumPy, BLAS, the split of a batch."""

import contextlib
import platform
import sys
from typing import Any

import numpy

DECISIVE = ("machine", "processor", "numpy", "blas", "blas_version", "blas_kernels", "shards")
"""Where one of these differs, replayed steps may differ in their last bits from recorded ones."""


def numerical_fingerprint(shards: int | None = None) -> dict[str, Any]:
    """Of this process; JSON values. `shards` is the split that the run computes with."""
    blas = _blas()
    return {
        "machine": platform.machine(),
        "processor": _processor(),
        "numpy": numpy.__version__,
        "blas": blas.get("internal_api", "unknown"),
        "blas_version": blas.get("version") or "unknown",
        "blas_kernels": blas.get("architecture") or "unknown",
        "shards": shards,
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
    }


def differences(recorded: dict[str, Any], here: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    """What decides the bits and is not the same: name -> (recorded, here)."""
    return {
        name: (recorded.get(name), here.get(name))
        for name in DECISIVE
        if recorded.get(name) != here.get(name)
    }


def _blas() -> dict[str, Any]:
    """What threadpoolctl says of the BLAS that NumPy has loaded; empty where it knows none."""
    from threadpoolctl import threadpool_info

    libraries = [library for library in threadpool_info() if library.get("user_api") == "blas"]
    own = [library for library in libraries if "numpy" in str(library.get("filepath", ""))]
    return dict((own or libraries or [{}])[0])


def _processor() -> str:
    """The processor's name as its maker wrote it, where the system tells."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError), open("/proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.startswith(("model name", "Model")):
                    return line.partition(":")[2].strip()
    return platform.processor() or "unknown"
