"""What a URL asks of ``/model/aggregatedCostModel``, which Kubecost deprecated (seeds 001 and 003), as a report of today's."""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, tzinfo
from typing import Final, Literal

from pydantic import Field

from farthing.api.deprecated_windows import length_of, length_pattern, unix
from farthing.api.parameters import LONGEST, Given, listed
from farthing.api.patterns import WINDOW, Said
from farthing.api.workload_parameters import AllocationParameters
from farthing.errors import InvalidQuestionError, ScopeDeniedError
from farthing.model.filters import Every, Filter, label_key, parse_lists
from farthing.model.question import MOST_LOOKUPS
from farthing.model.window import Window, days, parse_window
from farthing.model.zone import quoted
from farthing.resources.cost_report import CostMetric
from farthing.resources.parsing import Report

Aggregation = Literal[
    "cluster", "namespace", "controller", "deployment", "statefulset", "daemonset", "job", "service", "pod", "container", "label",
    "annotation",
]  # fmt: skip
KEYED: Final = ("label", "annotation")
NAMED_BY: Final[Mapping[str, tuple[str, ...]]] = {
    "cluster": ("cluster",),
    "namespace": ("namespace",),
    "container": ("namespace", "pod", "container"),
}
"""Properties that name a row; what is not here is named by its namespace and itself, as two namespaces may have one of a name."""

CALLED: Final = {
    "aggregate": "aggregation",
    "shareIdle": "allocateIdle",
    "shareNamespaces": "sharedNamespaces",
    "shareLabels": "sharedLabelNames",
}
"""What a report calls the parameters that a scope may refuse, and what they are called here."""

MOST_NAMESPACES: Final = 100
MOST_LABELS: Final = 50
"""Whose cost one report spreads."""
LONGEST_NAME: Final = 63
LONGEST_LABEL: Final = 300
"""Characters of what a report names."""
_LABELS: Final[Said] = {"pattern": "^(?:[a-z][a-z0-9_./-]*=[^,=]+(?:,[a-z][a-z0-9_./-]*=[^,=]+)*)?$"}
_UNITS: Final = "dhms"


class AggregatedParameters(Given):
    """Parameters of ``/model/aggregatedCostModel``: those of the seeds, and OpenCost's rate."""

    window: str = Field(
        max_length=100,
        description="Span of time, as /model/allocation reads it: 1d at noon is the two days that the last 24 hours touch.",
        json_schema_extra=WINDOW,
    )
    offset: str = Field(
        "0s",
        max_length=20,
        description="How far back the span is moved: a number and d, h, m or s. Of words and lengths it moves the time they go by.",
        json_schema_extra=length_pattern(_UNITS),
    )
    aggregation: Aggregation = Field(description="What names a row.")
    aggregation_subfield: str = Field(
        "",
        max_length=LONGEST,
        description="Keys of the labels or annotations that name a row, with commas between; they need one, others none.",
    )
    allocate_idle: bool = Field(
        default=False, description="Whether what nodes cost and nobody held is added to the rows."
    )
    shared_namespaces: str = Field(
        "", max_length=LONGEST, description="Namespaces whose cost is spread over the other rows as sharedCost."
    )
    shared_label_names: str = Field(
        "", max_length=2000, description="Keys of labels whose pods' cost is spread, with commas between."
    )
    shared_label_values: str = Field("", max_length=2000, description="The value of each of sharedLabelNames.")
    shared_split: Literal["even", "weighted"] = Field(
        "even", description="Whether what is shared is spread evenly, or weighted by what rows cost."
    )
    disable_cache: bool | None = Field(
        None,
        description=(
            "Given at all, the answer is computed anew: Kubecost's document has false for that, and the name true. An answer "
            "that is kept is of the store as it is now, too."
        ),
    )
    etl: bool | None = Field(
        None,
        description=(
            "True: the stored days alone answer, so that every day which the window touches counts whole. False: the answer is "
            "computed anew."
        ),
    )
    rate: CostMetric = Field("cumulative", description="What a cost is for: the whole window, an hour, a day, a month.")
    cluster: str = Field("", max_length=1000, description="Clusters to show, with commas between; * ends a prefix.")
    namespace: str = Field("", max_length=1000, description="Namespaces to show, with commas between; * ends a prefix.")
    labels: str = Field(
        "",
        max_length=2000,
        description="Labels of pods to show, such as app=web; one of the values of a key, of every key that is named.",
        json_schema_extra=_LABELS,
    )

    @property
    def anew(self) -> bool:
        """Whether no answer that is kept will do."""
        return self.disable_cache is not None or self.etl is False

    @property
    def subfields(self) -> list[str]:
        """The keys that name a row, each once. Raises InvalidQuestionError."""
        given = _few(listed(self.aggregation_subfield), "aggregationSubfield", MOST_LOOKUPS, LONGEST_LABEL)
        if bool(given) != (self.aggregation in KEYED):
            raise InvalidQuestionError(
                f"aggregation {self.aggregation} with aggregationSubfield {quoted(self.aggregation_subfield)} cannot be meant: "
                f"{' and '.join(KEYED)} need one, such as app, and the others have none"
            )
        return given

    @property
    def kept(self) -> Filter:
        """Which rows are shown. Raises InvalidQuestionError."""
        values: dict[str, list[str]] = defaultdict(list)
        for one in listed(self.labels):
            key, _, value = (part.strip() for part in one.partition("="))
            if not key or not value or ":" in key:
                raise InvalidQuestionError(f"labels {quoted(one)} cannot be read: write key=value, such as app=web")
            values[label_key(key)].append(f"{key}:{value}")
        of_labels = (parse_lists({"filterLabels": ",".join(some)}) for some in values.values())
        return Every((parse_lists({"filterClusters": self.cluster, "filterNamespaces": self.namespace}), *of_labels))

    def span(self, now: datetime, zone: tzinfo) -> Window:
        """The window that is asked for at ``now``. Raises InvalidWindowError."""
        back = length_of(self.offset, "offset", _UNITS)
        if "," in self.window:
            # What does not depend on now is moved itself.
            given = parse_window(self.window, now, zone)
            span = Window(given.start - back, given.end - back)
        else:
            span = parse_window(self.window, now - back, zone)
        touched = days(span, zone) if self.etl else [span]
        return Window(touched[0].start, touched[-1].end)

    def report(self, span: Window) -> Report:
        """The report that is asked for over ``span``. Raises InvalidQuestionError."""
        subfields, labels = self.subfields, self._shared_labels()
        carried = (one.partition(":")[0] for one in labels)
        looked_up = {*subfields, *carried, *(one.partition("=")[0] for one in listed(self.labels))}
        if len(set(map(label_key, looked_up))) > MOST_LOOKUPS:
            raise InvalidQuestionError(
                f"aggregationSubfield, sharedLabelNames and labels name {len(looked_up)} different keys; at most "
                f"{MOST_LOOKUPS} are offered in one question"
            )
        names = NAMED_BY.get(self.aggregation, ("namespace", self.aggregation))
        namespaces = _few(listed(self.shared_namespaces), "sharedNamespaces", MOST_NAMESPACES, LONGEST_NAME)
        spec = {
            "window": unix(span),
            "aggregate": ",".join([f"{self.aggregation}:{key}" for key in subfields] or names),
            "idle": False,
            "shareIdle": self.allocate_idle,
            "shareNamespaces": ",".join(namespaces),
            "shareLabels": ",".join(labels),
            "shareSplit": self.shared_split,
            # Kubecost's sharedCost is what these parameters share.
            "shareTenancyCosts": False,
            "costMetric": self.rate,
        }
        return AllocationParameters.model_validate(spec).report(unix(span), "")

    def _shared_labels(self) -> list[str]:
        """The labels whose pods' cost is spread, such as app:web."""
        names, values = listed(self.shared_label_names), listed(self.shared_label_values)
        if len(names) != len(values):
            raise InvalidQuestionError(
                f"sharedLabelNames has {len(names)} values and sharedLabelValues {len(values)}: give each name its value"
            )
        wrong = [name for name in names if ":" in name]
        if wrong:
            raise InvalidQuestionError(
                f"sharedLabelNames {quoted(wrong[0])} is no key of a label: write one such as app"
            )
        pairs = [f"{name}:{value}" for name, value in zip(names, values, strict=True)]
        return _few(pairs, "sharedLabelNames", MOST_LABELS, LONGEST_LABEL)


def denied(error: ScopeDeniedError) -> ScopeDeniedError:
    """``error`` of the report that was asked for, in the words of the URL."""
    return ScopeDeniedError(re.sub(rf"\b({'|'.join(CALLED)})\b", lambda found: CALLED[found[1]], str(error)))


def _few(values: Sequence[str], name: str, most: int, longest: int) -> list[str]:
    """``values``, each once. Raises InvalidQuestionError, which names the parameter ``name``, for too many or too long ones."""
    found = list(dict.fromkeys(values))
    if len(found) > most:
        raise InvalidQuestionError(f"{name} has {len(found)} different values; at most {most} are offered")
    if any(len(one) > longest for one in found):
        raise InvalidQuestionError(f"{name} {quoted(max(found, key=len))} is longer than {longest} characters")
    return found
