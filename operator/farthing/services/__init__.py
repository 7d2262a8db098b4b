"""Use cases: gather, compute, keep. They name what they need (``ports``) and do not know who provides it."""
