"""The adapter to disk: DuckDB computes, Parquet files keep the facts, a manifest per day says which files count."""
