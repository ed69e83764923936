"""What every measurement prints: on which machine, how quiet it was, and figures in columns."""

from typing import Any

BUSY = 0.15  # cores that others may use before the figures come with a warning


def machine_line(machine: dict[str, Any]) -> str:
    here = machine["numerical fingerprint"]
    return (
        f"{here['processor']}, {machine['usable cores']} cores; Python {machine['python']}, NumPy {machine['numpy']}, "
        f"{here['blas']} {here['blas_version']} ({here['blas_kernels']}), {machine['blas threads']} BLAS thread"
    )


def busy_warning(foreign_load: float | None) -> str:
    """What to say where other processes spoiled the measurement; empty where they did not."""
    if foreign_load is None or foreign_load <= BUSY:
        return ""
    return f"warning: other processes kept {foreign_load:.2f} cores busy meanwhile; on a quiet machine this is faster"


def table(rows: list[tuple[str, ...]]) -> None:
    """Print rows in columns: the first to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for first, *others in rows:
        cells = [f"{cell:>{width}}" for cell, width in zip(others, widths[1:], strict=True)]
        print("  ".join([f"{first:<{widths[0]}}", *cells]).rstrip())
