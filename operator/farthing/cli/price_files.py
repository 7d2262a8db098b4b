"""Price books of files, as ``--prices`` gives them."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from farthing.errors import InvalidInputError, InvalidPricesError
from farthing.model.prices import NO_PRICES, Prices

if TYPE_CHECKING:
    from farthing.model.prices import PriceBook

MOST_BYTES = 1 << 20
"""More than an object of Kubernetes may have."""


def load_prices(paths: Iterable[Path], currency: str) -> Prices:
    """The price books of the YAML files ``paths``, together. Raises InvalidInputError."""
    books = [book for path in paths for book in load_books(path)]
    if not books:
        return NO_PRICES
    from farthing.resources.price_parsing import in_currency

    return in_currency(books, currency)


def load_books(path: Path) -> "list[PriceBook]":
    """The price books of one YAML file. Raises InvalidInputError, which names it."""
    # Only who has price books waits for what they need.
    from farthing.resources.price_parsing import book_of, parse_price_book

    try:
        return [book_of(parse_price_book(body)) for body in _bodies(path)]
    except InvalidInputError as error:
        raise type(error)(f"{path}: {error}") from error


def _bodies(path: Path) -> list[dict[str, Any]]:
    import yaml

    class Texts(yaml.SafeLoader):
        """YAML as Kubernetes reads it: a date is the text that is written."""

    Texts.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }
    try:
        if path.stat().st_size > MOST_BYTES:
            raise InvalidPricesError(f"the file has more than {MOST_BYTES} bytes: no object of Kubernetes may")
        bodies = [
            one for body in yaml.load_all(path.read_text("utf-8"), Texts) if body is not None for one in _listed(body)
        ]
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidPricesError(f"this is not YAML: {error}") from error
    except OSError as error:
        raise InvalidPricesError(f"the file cannot be read ({error.strerror}): check its path and rights") from error
    if not bodies or not all(isinstance(body, dict) for body in bodies):
        raise InvalidPricesError(
            "the file holds something that is no price book: each document is an object of that kind"
        )
    return bodies


def _listed(body: Any) -> list[Any]:
    """``body``, or what it lists: kubectl writes several objects so."""
    items = body.get("items") if isinstance(body, dict) and body.get("kind") in {"List", "PriceBookList"} else None
    return items if isinstance(items, list) else [body]
