"""What the numbers are computed with, as found and not as hoped for."""

import numpy
from threadpoolctl import threadpool_info


def blas_threads() -> int | None:
    """Threads of the BLAS that NumPy uses; None where it cannot be found out."""
    counts = [pool["num_threads"] for pool in threadpool_info() if pool.get("user_api") == "blas"]
    return max(counts, default=None)


def machine_text() -> str:
    """ "NumPy 2.4.6 · 1 BLAS thread"."""
    threads = blas_threads()
    if threads is None:
        return f"NumPy {numpy.__version__}"
    return f"NumPy {numpy.__version__} · {threads} BLAS thread{'s' if threads != 1 else ''}"
