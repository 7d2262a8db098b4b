"""Farthing: what Kubernetes workloads and assets cost, as Kubernetes objects.

cli                     the command line: parses, wires, prints
demo                    a made-up cluster with known truth
wiring                  the one place that gives adapters to use cases
handlers                kopf: what happens when an object changes
services                use cases: gather, compute, keep
prometheus store kube   adapters: metrics, facts on disk, the Kubernetes API
exports resources       rows as text; the API types
model                   the cost model, pure
errors                  what can go wrong
"""

from importlib.metadata import version

__version__ = version("farthing")
