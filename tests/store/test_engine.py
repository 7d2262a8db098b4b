import duckdb
import pytest

from farthing.store.engine import connect, in_time, run


def test_what_takes_too_long_is_ended_and_the_connection_goes_on() -> None:
    with connect(threads=1) as connection:
        endless = "select count(*) from range(1000000) a, range(1000000) b where a.range * b.range % 7 = 3"
        with pytest.raises(duckdb.InterruptException), in_time(connection, 0.2):
            run(connection, endless)
        with in_time(connection, 60.0):
            assert run(connection, "select 1") == [(1,)]
