"""The formats of every export, with what a dialog or a manual says about them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Format:
    """A kind of file."""

    name: str
    """As on the command line; with a dot before it, the ending of the file."""
    title: str
    suits: str
    """What it holds, and so what it is good for, in one sentence."""
    one_head: bool = False
    """Whether it can be of a single head; the others always hold all."""
    picture: bool = False
    """Whether it has colours: a theme and a colour scale."""
    several_steps: bool = False
    """Whether it can show a range of steps."""
    one_step: bool = True
    """Whether it can show a single one."""
    painted: bool = False
    """Whether Qt paints it, in views.figures; training.export writes the others."""

    @property
    def suffix(self) -> str:
        return f".{self.name}"

    @property
    def file_filter(self) -> str:
        """As file dialogs want it."""
        return f"{self.title} (*{self.suffix})"


ATTENTION = (
    Format(
        "npz",
        "NumPy arrays",
        "Arrays (layer, head, query, key), tokens and configuration; loads into BertViz and CircuitsVis.",
    ),
    Format("json", "JSON", "Numbers, tokens and configuration as text that any language reads."),
    Format(
        "csv",
        "Table",
        "One row for each weight with its head and tokens, for spreadsheets and data frames.",
        one_head=True,
    ),
    Format(
        "png",
        "Picture",
        "Tokens, colour bar and caption, twice as fine as a screen.",
        one_head=True,
        picture=True,
        painted=True,
    ),
    Format(
        "svg",
        "Drawing",
        "Sharp at any size and easy to change, for web pages and drawing programs.",
        one_head=True,
        picture=True,
    ),
    Format(
        "pdf",
        "PDF drawing",
        "Sharp at any size with its fonts inside, for papers and print.",
        one_head=True,
        picture=True,
        painted=True,
    ),
    Format(
        "html",
        "Web page",
        "All heads to look around in, of one step or of many; one file that needs no network.",
        picture=True,
        several_steps=True,
    ),
    Format(
        "gif",
        "Animation",
        "How attention changes over a range of steps, for slides and chats.",
        one_head=True,
        picture=True,
        several_steps=True,
        one_step=False,
        painted=True,
    ),
)

SCALARS = (
    Format("csv", "Table", "One row for each step: losses, accuracies, learning rate, gradient norms."),
    Format("json", "JSON", "One list for each scalar: losses, accuracies, learning rate, gradient norms."),
)

MODEL = (
    Format(
        "safetensors",
        "Safetensors",
        "All weights under PyTorch's names, configuration and vocabularies in the metadata.",
    ),
)

DESCRIPTIONS = {"attention": ATTENTION, "scalars": SCALARS, "model": MODEL}
"""What can be exported -> its formats, described."""

FORMATS = {what: tuple(format.name for format in formats) for what, formats in DESCRIPTIONS.items()}
"""What can be exported -> the formats it can have."""

IMAGE_FORMATS = tuple(format.name for format in ATTENTION if format.painted and format.one_step)
"""Pictures of one step that Qt paints: views.figures.figure_image.export_image writes them."""

ANIMATION_FORMATS = tuple(format.name for format in ATTENTION if format.painted and format.several_steps)
"""Pictures of a range of steps that Qt paints: views.figures.figure_animation.export_animation writes them."""


def check_format(what: str, format: str) -> None:
    """ValueError with the allowed list where there is no such export."""
    if what not in FORMATS:
        raise ValueError(f"{what!r} cannot be exported; what can: {', '.join(FORMATS)}")
    if format not in FORMATS[what]:
        raise ValueError(f"{what} has no format {format!r}; it has {', '.join(FORMATS[what])}")


def described(what: str, format: str) -> Format:
    """The format of an export; ValueError where there is no such one."""
    check_format(what, format)
    return next(one for one in DESCRIPTIONS[what] if one.name == format)


def check_steps(what: str, format: str, several: bool) -> None:
    """ValueError where the format cannot show several steps, or cannot show one alone."""
    chosen = described(what, format)
    if several and not chosen.several_steps:
        able = [one.name for one in DESCRIPTIONS[what] if one.several_steps]
        raise ValueError(
            f"{what} as {format} is of one step, not of a range"
            + (f"; {' and '.join(able)} can show one" if able else "")
        )
    if not several and not chosen.one_step:
        raise ValueError(f"{what} as {format} shows a range of steps: say which, such as 0:500:10")
