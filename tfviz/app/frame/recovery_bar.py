"""Runs of a program that was killed, offered at the next start in a line below the toolbar that is in nobody's way."""

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMainWindow, QPushButton, QToolBar

from tfviz.app.background import Background
from tfviz.app.frame.docks import EDGE
from tfviz.app.frame.moments import moment_text
from tfviz.training.counted import counted
from tfviz.training.record.run_library import InterruptedRun, RunLibrary
from tfviz.views.panel import label
from tfviz.views.style.icons import icon
from tfviz.views.style.theme import Theme


class RecoveryBar(QToolBar):
    """One run and what can be done with it."""

    opened = Signal()
    discarded = Signal()
    kept = Signal()

    def __init__(self, parent: QMainWindow) -> None:
        super().__init__("Unsaved runs", parent)
        self.setObjectName("recovery_bar")
        self.setAccessibleName("Unsaved runs")
        self.setProperty("margin", True)
        self.setMovable(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.PreventContextMenu)
        self.toggleViewAction().setVisible(False)
        self.text = label("")
        self.text.setObjectName("recovery_text")
        self.others = label("", "dim")
        self.open_button = self._button("Open", "open_unsaved", "Show this run, and go on with it")
        self.discard_button = self._button(
            "Discard", "discard_unsaved", "Delete what was recorded of this run"
        )
        self.keep_button = self._button("", "keep_unsaved", "Not now: it stays in the menu, under Recent")
        self.keep_button.setAccessibleName("Keep for later")
        self.keep_button.setProperty("flat", True)
        self.keep_button.setFixedSize(26, 26)
        self.open_button.clicked.connect(self.opened)
        self.discard_button.clicked.connect(self.discarded)
        self.keep_button.clicked.connect(self.kept)
        card = QFrame()
        card.setProperty("hint", True)
        row = QHBoxLayout(card)
        row.setContentsMargins(14, 6, 8, 6)
        row.setSpacing(8)
        row.addWidget(self.text)
        row.addWidget(self.others)
        row.addStretch(1)
        for button in (self.open_button, self.discard_button, self.keep_button):
            row.addWidget(button)
        holder = QFrame()
        outer = QHBoxLayout(holder)
        outer.setContentsMargins(EDGE, EDGE, EDGE, 0)
        outer.addWidget(card)
        self.addWidget(holder)
        layout = self.layout()
        assert layout is not None
        layout.setContentsMargins(0, 0, 0, 0)  # those of the style are for buttons

    def show_run(self, run: InterruptedRun, others: int) -> None:
        """Say which one it is, and how many there are beside it."""
        steps = counted(run.steps, "step")
        self.text.setText(f"A run from {moment_text(run.modified)} ({run.name}, {steps}) was not saved.")
        self.others.setText(f"{others} more" if others else "")

    def recolour(self, theme: Theme) -> None:
        self.keep_button.setIcon(icon("cross", theme.dim))

    def _button(self, text: str, name: str, help: str) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName(name)
        button.setToolTip(help)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button


class Recovery(QObject):
    """Looks for interrupted runs in the background, once, and shows the bar while there are any."""

    open_requested = Signal(str)

    def __init__(self, library: RunLibrary | None, window: QMainWindow) -> None:
        super().__init__(window)
        self.bar: RecoveryBar | None = None
        self._library, self._window = library, window
        self._theme: Theme | None = None
        self._found: list[InterruptedRun] = []
        self._works: list[Background] = []
        self.looked = False
        """Whether the search is over."""

    def look(self) -> None:
        """After the first picture; the budget is kept to on this occasion."""
        if self._library is not None and not (self.looked or self._works) and self._window.isVisible():
            work = Background(self._search, self)
            work.done.connect(self._offer)
            self._start(work)

    def recolour(self, theme: Theme) -> None:
        self._theme = theme
        if self.bar is not None:
            self.bar.recolour(theme)

    def close(self) -> None:
        """Wait for what is under way, and take the bar away: the arrangement of the window is remembered without."""
        for work in self._works:
            work.cancel()
            work.deleteLater()
        self._works.clear()
        self._remove()

    def _search(self) -> list[InterruptedRun]:
        assert self._library is not None
        self._library.clean()
        return self._library.interrupted()

    def _offer(self, found: list[InterruptedRun]) -> None:
        self._found, self.looked = found, True
        if not found:
            self._remove()
            return
        if self.bar is None:
            self.bar = self._make()
        self.bar.show_run(found[0], len(found) - 1)

    def _make(self) -> RecoveryBar:
        bar = RecoveryBar(self._window)
        if self._theme is not None:
            bar.recolour(self._theme)
        bar.opened.connect(self._open)
        bar.discarded.connect(self._discard)
        bar.kept.connect(self._keep)
        margin = self._window.findChild(QToolBar, "margin_TopToolBarArea")
        assert margin is not None
        self._window.insertToolBar(margin, bar)
        self._window.insertToolBarBreak(margin)
        return bar

    def _open(self) -> None:
        path = str(self._found[0].path)
        self._offer([])  # the others come back at the next start
        self.open_requested.emit(path)

    def _discard(self) -> None:
        library, path = self._library, self._found[0].path
        assert library is not None
        self._start(Background(lambda: library.discard(path), self))
        self._offer(self._found[1:])

    def _keep(self) -> None:
        library, paths = self._library, [run.path for run in self._found]
        assert library is not None
        self._start(Background(lambda: library.keep(*paths), self))
        self._offer([])

    def _start(self, work: Background) -> None:
        work.failed.connect(self._fail)
        self._works.append(work)
        work.start()

    def _fail(self, error: Exception) -> None:
        if not isinstance(error, OSError):  # a folder that cannot be written is said when a run is recorded
            raise error

    def _remove(self) -> None:
        if self.bar is not None:
            self._window.removeToolBar(self.bar)
            self.bar.deleteLater()
            self.bar = None
