"""Keeps an exception in one of Qt's virtual methods from ending the program.

PySide6 (6.10 and 6.11, on Python before 3.12) crashes where an exception that C code raised, as int(nan) does, leaves
an overridden method that was called from Python code through Qt: paintEvent under event() or grab(), resizeEvent under
resize(). What is caught here instead reaches sys.excepthook, as it does where Qt itself called the method.
"""

import sys
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from PySide6.QtCore import QObject

Widget = TypeVar("Widget", bound=type[QObject])
Result = TypeVar("Result")


def guarded(widget: Widget) -> Widget:
    """Class decorator: guards the event handlers that the class itself defines (paintEvent, keyPressEvent, ...), and
    the painting of a delegate."""
    for name, method in list(vars(widget).items()):
        if (name.endswith("Event") or name == "paint") and callable(method):
            setattr(widget, name, _guard(method))
    return widget


def _guard(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def guard(*arguments: Any) -> Any:
        return call_guarded(method, *arguments)

    return guard


def call_guarded(function: Callable[..., Result], *arguments: Any) -> Result | None:
    """What a function returns; its exception reaches sys.excepthook, and whoever calls goes on."""
    try:
        return function(*arguments)
    except Exception as error:
        sys.excepthook(type(error), error, error.__traceback__)
        return None
