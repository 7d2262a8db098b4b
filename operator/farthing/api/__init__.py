"""The HTTP APIs of Kubecost and OpenCost over a store: routes read parameters, ask ``services`` and write shapes."""
