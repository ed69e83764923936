"""Moments as people say them."""

import time


def moment_text(seconds: float) -> str:
    """A time since 1970 on this computer's clock: "14:05" today, "22 Nov, 14:05" on another day."""
    moment, today = time.localtime(seconds), time.localtime()
    clock = time.strftime("%H:%M", moment)
    if (moment.tm_year, moment.tm_yday) == (today.tm_year, today.tm_yday):
        return clock
    year = f" {moment.tm_year}" if moment.tm_year != today.tm_year else ""
    return f"{moment.tm_mday} {time.strftime('%b', moment)}{year}, {clock}"


def bytes_text(count: int) -> str:
    """ "312 MB"."""
    for unit, size in (("GB", 1 << 30), ("MB", 1 << 20), ("kB", 1 << 10)):
        if count >= size:
            return f"{count / size:.{1 if count < 10 * size else 0}f} {unit}"
    return f"{count} bytes"
