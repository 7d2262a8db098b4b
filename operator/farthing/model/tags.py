"""Tags of a bill as labels: their keys are spelled as those of labels are, so that one filter finds both."""

import ibis.expr.types as ir

TAGS = "tags"
"""The column of facts of assets that holds what a bill says of a ``Cloud`` asset, as JSON; empty of others."""


def tag_keys(tags: ir.StringValue) -> ir.ArrayValue:
    """The keys of ``tags``, spelled by ``filters.label_key``, in the order of ``tag_values``; null where they are no JSON object."""
    return _told(tags).keys().map(_spelled)


def tag_values(tags: ir.StringValue) -> ir.ArrayValue:
    """The values of ``tags``, as text; null where a tag has none."""
    return _told(tags).values()


def _told(tags: ir.StringValue) -> ir.MapValue:
    # What is no JSON has no tags, and neither has what names a key twice.
    return tags.nullif("").try_cast("json").try_cast("map<string, string>")


def _spelled(key: ir.StringValue) -> ir.StringValue:
    return key.re_replace("[^a-zA-Z0-9_]", "_").re_replace("([a-z0-9])([A-Z])", r"\1_\2").lower()
