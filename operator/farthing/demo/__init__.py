"""A made-up cluster with known truth, and a Prometheus that is not there: for the demo and for the tests."""
