"""The cost model: tables in, tables out. No clock, network, file, log or setting.

Everything is an Ibis expression, so that one text of the rules runs on DuckDB and on any engine Ibis speaks.
"""
