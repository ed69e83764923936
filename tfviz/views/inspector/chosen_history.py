"""The tensors and cells that were looked at, to go back through them and forward again, as in a browser."""

from tfviz.views.operations.step_debugger import Chosen

LONGEST = 200


class ChosenHistory:
    """`current` is what is looked at; visiting something new forgets what lay ahead."""

    def __init__(self) -> None:
        self._visited: list[Chosen] = []
        self._place = -1

    @property
    def current(self) -> Chosen | None:
        return self._visited[self._place] if self._visited else None

    @property
    def before(self) -> Chosen | None:
        """What was looked at before."""
        return self._visited[self._place - 1] if self._place > 0 else None

    @property
    def after(self) -> Chosen | None:
        """What was looked at next, when going back led here."""
        return self._visited[self._place + 1] if self._place + 1 < len(self._visited) else None

    def visit(self, chosen: Chosen) -> None:
        """Look at something; nothing changes where that is looked at already."""
        if chosen != self.current:
            self._visited = [*self._visited[: self._place + 1], chosen][-LONGEST:]
            self._place = len(self._visited) - 1

    def replace(self, chosen: Chosen) -> None:
        """Look at something in place of what is looked at: a cell beside the one before."""
        if self._visited:
            self._visited[self._place] = chosen
        else:
            self.visit(chosen)

    def back(self) -> Chosen | None:
        """Go to what was looked at before; None where there is nothing."""
        self._place -= self.before is not None
        return self.current

    def forward(self) -> Chosen | None:
        """Go to what was looked at next."""
        self._place += self.after is not None
        return self.current

    def clear(self) -> None:
        """Another model: what was looked at may not exist there."""
        self._visited, self._place = [], -1
