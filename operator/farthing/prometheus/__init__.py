"""The adapter to anything that speaks Prometheus' HTTP API: named queries, the connection, decoding."""
