"""All actions of the window: name, words, icon, keys. What they do is connected by controls.py and the window."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QObject
from PySide6.QtGui import QAction, QKeySequence

from tfviz.views.style.icons import icon
from tfviz.views.style.theme import Theme


@dataclass(frozen=True)
class Entry:
    """How an action looks and which keys it has."""

    name: str
    text: str
    help: str
    icon: str = ""
    keys: tuple[str, ...] = ()


ENTRIES = (
    Entry("play_pause", "Play", "Train, or pause; in the past: replay the record", "play", ("Space",)),
    Entry(
        "step_batch",
        "Step",
        "Train one step, or finish the one that is taken apart; in the past: show the next one",
        "step",
        ("Right",),
    ),
    Entry("step_back", "Back", "Show the step before; training goes on", "step_back", ("Left",)),
    Entry("step_ten", "Ten steps", "Take ten steps forward", "", ("Shift+Right",)),
    Entry("back_ten", "Ten back", "Go ten steps back", "", ("Shift+Left",)),
    Entry("go_start", "Start", "Show the initial state, step 0", "rewind", ("Home",)),
    Entry("go_live", "Live", "Return to the newest step", "live", ("End",)),
    Entry("type_step", "Go to step…", "Type the step to show", "", ("G",)),
    Entry(
        "train_from_here",
        "Train from here",
        "Go on training from the step that is shown: recorded steps are computed again, then new ones follow",
        "forward",
    ),
    Entry(
        "continue_training",
        "Continue training here",
        "Open this run as one to be trained: nobody else trains it any more",
    ),
    Entry("pause_training", "Pause training", "Park training at the next step", "pause"),
    Entry(
        "run_steps",
        "Run steps",
        "Train this many steps, then pause; in the past: go forward as many",
        "forward",
    ),
    Entry(
        "new_branch",
        "Branch…",
        "Branch from the step that is shown, or change something from here on",
        "branch",
        ("B",),
    ),
    Entry(
        "step_operation",
        "One operation on",
        "Take the step that follows apart, one operation at a time",
        "",
        (".",),
    ),
    Entry(
        "step_operation_back",
        "One operation back",
        "In the step that is taken apart: one operation back",
        "",
        (",",),
    ),
    Entry("run_to_loss", "To the loss", "Take the step apart up to the end of the forward pass"),
    Entry("run_to_gradients", "To the gradients", "Take the step apart up to the end of the backward pass"),
    Entry(
        "run_to_update", "To the update", "Take the step apart up to its end: clipping and update are done"
    ),
    Entry("leave_step", "Leave the step", "Take the step apart no longer; the run stays as it is"),
    Entry("restart", "Restart", "Start again from step 0 with the same seed", "restart"),
    Entry("new_seed", "New seed", "Start again from step 0 with another seed", "seed"),
    Entry("new_run", "New run", "Start a run with the configuration of the run panel", "new", ("Ctrl+N",)),
    Entry("own_data", "Your own data…", "Learn from a file or from pasted text: look at it first"),
    Entry("show_tokens", "Tokens…", "List the tokens of this run, and how often each occurs in its data"),
    Entry("open_run", "Open…", "Open a recorded run", "open", ("Ctrl+O",)),
    Entry("save_run", "Save", "Save the run with all its steps", "save", ("Ctrl+S",)),
    Entry("save_run_as", "Save as…", "Save the run under another name", "", ("Ctrl+Shift+S",)),
    Entry("export", "Export", "Save attention, scalars or the model", "export", ("Ctrl+E",)),
    Entry(
        "pin_step",
        "Pin this step",
        "Keep the step that is shown, to compare others with it",
        "pin",
        ("P",),
    ),
    Entry("pin_file", "Pin a step of a file…", "Compare with a step of another run file"),
    Entry("swap_pin", "Swap with the pinned step", "Show the pinned step, and pin this one", "swap", ("X",)),
    Entry("release_pin", "Release the pinned step", "Compare no longer", "cross"),
    Entry(
        "break_conditions",
        "Stop when…",
        "Stop training before an update when the loss, a gradient, a head or an update goes wrong",
        "stop",
    ),
    Entry("toggle_theme", "Theme", "Change between dark and light", "theme"),
    Entry("full_screen", "Full screen", "Fill the screen, or stop doing so", "solo", ("F11",)),
    Entry("reset_layout", "Reset layout", "Put all panels back to where they belong"),
    Entry("release", "Release", "Let go of a locked cell or a selection", "", ("Esc",)),
    Entry("show_settings", "Settings…", "Say how much disk unsaved runs may take", "", ("Ctrl+,",)),
    Entry("show_keys", "Keys", "List all keys", "help", ("?",)),
    Entry("quit", "Quit", "Stop training and close the window", "", ("Ctrl+Q",)),
)


class Actions(QObject):
    """The actions by name: actions["export"]."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._actions = {entry.name: self._make(entry) for entry in ENTRIES}

    def __getitem__(self, name: str) -> QAction:
        return self._actions[name]

    def all(self) -> list[QAction]:
        """In the order of ENTRIES."""
        return list(self._actions.values())

    def connect_action(self, name: str, function: Callable[[], object]) -> None:
        """Call a function, without arguments, when the action is triggered."""
        self[name].triggered.connect(lambda _=False: function())

    def recolour(self, theme: Theme) -> None:
        """Icons in the theme's colours."""
        for entry in ENTRIES:
            if entry.icon and entry.name != "play_pause":
                self[entry.name].setIcon(icon(entry.icon, theme.text, theme.disabled))

    def _make(self, entry: Entry) -> QAction:
        action = QAction(entry.text, self)
        action.setObjectName(entry.name)
        action.setShortcuts([QKeySequence(key) for key in entry.keys])
        action.setToolTip(tool_tip(entry.help, action.shortcuts()))
        action.setStatusTip("")
        return action


def tool_tip(help: str, keys: list[QKeySequence]) -> str:
    """What an action does, and its keys as this system writes them."""
    written = ", ".join(key.toString(QKeySequence.SequenceFormat.NativeText) for key in keys)
    return f"{help} ({written})" if written else help
