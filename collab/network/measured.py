"""Which metrics a picture can be sized and coloured by."""

from __future__ import annotations

from graph.metrics import METRICS as METRICS
from graph.metrics import Level

NODE_METRICS = tuple(name for name, metric in METRICS.items() if metric.level is Level.NODE)
