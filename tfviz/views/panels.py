"""The panels of the window, in the order in which the keyboard goes through them."""

from tfviz.views.attention_panel import AttentionPanel
from tfviz.views.curve_panel import CurvePanel
from tfviz.views.flow_panel import FlowPanel
from tfviz.views.gradient_panel import GradientPanel
from tfviz.views.head_metrics_panel import HeadMetricsPanel
from tfviz.views.inspector_panel import InspectorPanel
from tfviz.views.intervention_panel import InterventionPanel
from tfviz.views.operation_panel import OperationPanel
from tfviz.views.optimiser_panel import OptimiserPanel
from tfviz.views.panel import Panel
from tfviz.views.playground_panel import PlaygroundPanel
from tfviz.views.prediction_panel import PredictionPanel
from tfviz.views.run_panel import RunPanel
from tfviz.views.stages_panel import StagesPanel

PANELS: list[type[Panel]] = [
    RunPanel,
    OperationPanel,
    AttentionPanel,
    InspectorPanel,
    StagesPanel,
    PlaygroundPanel,
    PredictionPanel,
    InterventionPanel,
    CurvePanel,
    HeadMetricsPanel,
    GradientPanel,
    FlowPanel,
    OptimiserPanel,
]
