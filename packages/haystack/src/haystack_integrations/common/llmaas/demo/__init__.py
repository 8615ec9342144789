"""``llmaas demo --framework haystack``: two pipelines from YAML over the shipped documents."""

from haystack_integrations.common.llmaas.demo.run import demo, load_pipeline

__all__ = ["demo", "load_pipeline"]
