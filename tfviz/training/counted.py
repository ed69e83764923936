"""How many of something there are, in words that agree with the number."""


def counted(count: int, noun: str) -> str:
    """ "1 step", "1,284 steps"; for nouns with an s at the end of many."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def all_done(steps: int) -> str:
    """ "All 600 steps are done", as a sentence begins."""
    return "The only step is done" if steps == 1 else f"All {steps:,} steps are done"
