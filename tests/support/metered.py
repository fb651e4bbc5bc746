"""What a metric says, as Prometheus would read it."""

from prometheus_client import REGISTRY


def metric(name: str, **labels: str) -> float | None:
    """The sample's value; None where there is no such sample."""
    return REGISTRY.get_sample_value(name, labels)
