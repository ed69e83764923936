"""A function to be called later that keeps nobody alive."""

from collections.abc import Callable
from types import MethodType
from weakref import WeakMethod

Function = Callable[[], None]


def weakly(function: Function) -> Callable[[], Function | None]:
    """Where to find the function when it is time; None once the object is gone whose method it is.

    A part of a window that kept the window alive would be destroyed twice when Python collects both.
    """
    if isinstance(function, MethodType):
        return WeakMethod(function)
    return lambda: function
