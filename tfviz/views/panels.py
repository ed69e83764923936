"""The panels of the window, in the order in which the keyboard goes through them."""

from tfviz.views.attention.attention_panel import AttentionPanel
from tfviz.views.curves.curve_panel import CurvePanel
from tfviz.views.curves.gradient_panel import GradientPanel
from tfviz.views.flow.flow_panel import FlowPanel
from tfviz.views.heads.head_metrics_panel import HeadMetricsPanel
from tfviz.views.inspector.inspector_panel import InspectorPanel
from tfviz.views.interventions.intervention_panel import InterventionPanel
from tfviz.views.operations.operation_panel import OperationPanel
from tfviz.views.optimiser.optimiser_panel import OptimiserPanel
from tfviz.views.panel import Panel
from tfviz.views.playground.playground_panel import PlaygroundPanel
from tfviz.views.predictions.prediction_panel import PredictionPanel
from tfviz.views.run.run_panel import RunPanel
from tfviz.views.stages.stages_panel import StagesPanel

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
