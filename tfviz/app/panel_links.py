"""What panels ask for goes to the parts of the window that do it, and what they must know of a run comes from here."""

from collections.abc import Mapping
from typing import TypeVar

from PySide6.QtWidgets import QPushButton

from tfviz.app.branches import Branches
from tfviz.app.breaking import Breaking
from tfviz.app.controls import Controls
from tfviz.app.run_files import RunFiles
from tfviz.training.record.followed import FollowedRun
from tfviz.training.record.opening import ShownRun
from tfviz.views.attention.attention_panel import AttentionPanel
from tfviz.views.curves.curve_panel import CurvePanel
from tfviz.views.curves.gradient_panel import GradientPanel
from tfviz.views.heads.head_metrics_panel import HeadMetricsPanel
from tfviz.views.optimiser.optimiser_panel import OptimiserPanel
from tfviz.views.panel import Panel
from tfviz.views.playground.playground_panel import PlaygroundPanel
from tfviz.views.predictions.prediction_panel import PredictionPanel
from tfviz.views.run.run_panel import RunPanel
from tfviz.views.stages.stages_panel import StagesPanel

Kind = TypeVar("Kind", bound=Panel)


def panel_of(panels: Mapping[str, Panel], kind: type[Kind]) -> Kind:
    """The panel of a kind, which every window has."""
    return next(panel for panel in panels.values() if isinstance(panel, kind))


class PanelLinks:
    """Between the panels themselves too, for none knows another."""

    def __init__(
        self,
        panels: Mapping[str, Panel],
        controls: Controls,
        files: RunFiles,
        breaking: Breaking,
        branches: Branches,
    ) -> None:
        self._run = panel_of(panels, RunPanel)
        self._optimiser = panel_of(panels, OptimiserPanel)
        for panel in panels.values():
            if isinstance(panel, CurvePanel | GradientPanel | HeadMetricsPanel | OptimiserPanel):
                panel.step_clicked.connect(controls.go_to)
        self._optimiser.breaks_wished.connect(breaking.ask)
        branches.config_changed.connect(self._run.show_change)
        self._run.new_run_requested.connect(controls.start_run)
        self._run.open_requested.connect(files.open)
        controls.connect_probe(panel_of(panels, PredictionPanel))
        controls.connect_playground(panel_of(panels, PlaygroundPanel))
        attention, heads = panel_of(panels, AttentionPanel), panel_of(panels, HeadMetricsPanel)
        attention.head_selected.connect(panel_of(panels, StagesPanel).choose_head)
        attention.head_selected.connect(heads.choose_head)
        heads.head_wished.connect(attention.select)

    def adopt(self, session: ShownRun) -> None:
        """Another run is shown."""
        if isinstance(session, FollowedRun) and session.foreign:
            self._run.show_foreign(session.configuration.to_dict(), session.trainer)
        else:
            self._run.show_config(session.line.settings(session.config))
        self._optimiser.explain_absence(_absence(session))

    def press_new_run(self) -> None:
        """As a click on the button, which begins the run that the fields describe."""
        button = self._run.findChild(QPushButton, "new_run_button")
        if button is not None:
            button.click()


def _absence(session: ShownRun) -> str | None:
    """Why the newest update of a run cannot be shown; None where it can."""
    if not isinstance(session, FollowedRun):
        return None
    if session.foreign:
        return f"{session.trainer} trains this run: its updates are not known"
    return f"{session.trainer} trains this run: go to a past step, whose update can be computed"
