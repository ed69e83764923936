"""Where the files of resources/ are: beside the package in a checkout, in tfviz/resource_files once installed."""

from pathlib import Path

_package = Path(__file__).parent
_installed = _package / "resource_files"
RESOURCES = _installed if _installed.is_dir() else _package.parent / "resources"


def resource_path(name: str) -> Path:
    """The file or folder NAME of resources/, such as "fonts/Inter-Regular.otf".

    Raises FileNotFoundError, naming the place looked at, when it is not there.
    """
    path = RESOURCES / name
    if not path.exists():
        raise FileNotFoundError(f"tfviz has no resource {name!r}: {path} does not exist")
    return path
