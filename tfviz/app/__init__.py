"""What holds it together: window, application, settings, command line.

Headless commands live here too, so Qt is loaded by the first use of a window, not by importing this package.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tfviz.app.application import create_window

__all__ = ["create_window"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'tfviz.app' has no attribute {name!r}")
    from tfviz.app import application

    return getattr(application, name)
