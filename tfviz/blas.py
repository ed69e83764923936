"""One BLAS thread, always.

On a busy machine two threads of OpenBLAS wait for each other and training stands still, and the bits of a sum would
depend on how many there are. Parallelism is over parts of the batch instead, in threads of our own.

Imports nothing but the standard library: NumPy's BLAS reads these variables once, when NumPy is imported.
"""

import os
import sys

VARIABLES = (
    "OPENBLAS_NUM_THREADS",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)


def use_one_thread() -> None:
    """Hold BLAS to one thread: by the environment before NumPy is imported, by threadpoolctl where NumPy came first."""
    for name in VARIABLES:
        os.environ[name] = "1"
    if "numpy" in sys.modules:
        from threadpoolctl import threadpool_limits

        threadpool_limits(limits=1, user_api="blas")
