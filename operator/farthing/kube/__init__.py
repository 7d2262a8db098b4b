"""Adapter to the Kubernetes API: the few calls that the operator makes, counted, retried, and without any models.

access      where the API is and who we are, read again when a token is rotated
transport   requests, with their time-outs, retries and refusals
client      statuses, ConfigMaps and Events: reads, and writes that do no harm twice
publisher   a report's documents as ConfigMaps: only ours, only what changed
"""
