"""The operator: kopf tells what happens in the cluster, one scheduler decides when to run which report.

watching     kopf's handlers and settings: events become calls of the scheduler
scheduler    what is known of each report, and when it is due
known        one report as the scheduler knows it
attempt      one run: compute, publish, write the status
collecting   keeps the store filled
audit        compares what we know with what the API has
liveness     whether all of that still moves, over HTTP
running      all of them together, from start to stop

Nothing here adds finalizers or annotations: reports are deleted at once, and their ConfigMaps by Kubernetes.
"""
