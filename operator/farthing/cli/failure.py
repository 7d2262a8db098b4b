"""What an error is to a shell."""

from farthing.errors import FarthingError, InvalidInputError, MetricsPartialError, NoDataError

FAILED = 1
BAD_USAGE = 2
INCOMPLETE = 3

EXIT_CODES: dict[type[FarthingError], int] = {
    InvalidInputError: BAD_USAGE,
    NoDataError: INCOMPLETE,
    MetricsPartialError: INCOMPLETE,
}
"""The exit code of an error and of its kinds; any other is ``FAILED``."""


def exit_code(error: FarthingError) -> int:
    """The exit code that tells of ``error``."""
    return next((code for kind, code in EXIT_CODES.items() if isinstance(error, kind)), FAILED)


def sentence(error: FarthingError) -> str:
    """The message on one line."""
    return " ".join(str(error).split())
