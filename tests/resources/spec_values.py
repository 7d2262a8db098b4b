"""Values of spec fields, good and bad, that the API server and our own parser must judge alike."""

from typing import Any, NamedTuple


class Refused(NamedTuple):
    """A spec that must be refused, and what the API server's sentence says of it."""

    spec: dict[str, Any]
    sentence: str
    kind: str = "CostReport"


GOOD_WINDOWS = (
    "15m",
    "24h",
    "7d",
    "1w",
    "007d",
    "3653d",
    "5260320m",
    "today",
    "yesterday",
    "week",
    "lastweek",
    "month",
    "lastmonth",
    "7d offset 2d",
    "90m offset 1w",
    " 7d  offset  2d ",
    "1780000000,1780003600",
    "1780000000 , 1780003600",
    "86400,172800",
    "2026-11-01T00:00:00Z,2026-11-02T00:00:00Z",
    "2026-11-01t00:00:00z,2026-11-02t00:00:00z",
    "2026-11-01T00:00:00+05:30,2026-11-01T12:00:00-08:00",
    "2026-11-01T00:00:00Z, 2026-11-01T23:59:59.999Z",
    "2024-02-29T00:00:00Z,2024-03-01T00:00:00Z",
    "2000-02-29T00:00:00Z,2000-03-01T00:00:00Z",
    "1970-01-01T00:00:00Z,1970-01-02T00:00:00Z",
    "0,86400",
    "2199-12-31T00:00:00Z,2200-01-01T00:00:00Z",
)
UNREADABLE_WINDOWS = (
    "",
    " ",
    "d",
    "7",
    "7x",
    "7D",
    "7 d",
    "1.5d",
    "-7d",
    "+7d",
    "1d12h",
    "30s",
    "Today",
    "nextweek",
    "lastyear",
    "today,yesterday",
    "7d offset",
    "offset 2d",
    "7d offset today",
    "7d offset 2d offset 1d",
    "today offset 1d",
    "1780000000",
    "1780000000,",
    ",1780003600",
    "1780000000,1780003600,1780007200",
    "-5,1780003600",
    "1780000000-1780003600",
    "1780000000.5,1780003600",
    "1780000000,2026-11-02T00:00:00Z",
    "2026-11-01,2026-11-02",
    "2026-11-01T00:00Z,2026-11-02T00:00Z",
    "2026-11-01T00:00:00,2026-11-02T00:00:00",
    "2026-11-01 00:00:00Z,2026-11-02 00:00:00Z",
    "2026-11-01T24:00:00Z,2026-11-02T00:00:00Z",
    "2026-11-01T00:60:00Z,2026-11-02T00:00:00Z",
    "2026-11-01T00:00:60Z,2026-11-02T00:00:00Z",
    "2026-11-01T00:00:00+24:00,2026-11-02T00:00:00Z",
    "2026-11-01T00:00:00Z",
    "https://example.org",
    "\uff17d",
)
BAD_WINDOWS = (
    *((text, f'window "{text}" cannot be read: use a length such as 15m') for text in UNREADABLE_WINDOWS),
    ("0d", 'window "0d" is out of reach: use lengths and offsets of 1m to 3653d'),
    ("00h", 'window "00h" is out of reach'),
    ("3654d", 'window "3654d" is out of reach'),
    ("999999999w", 'window "999999999w" is out of reach'),
    ("1d offset 0d", 'window "1d offset 0d" is out of reach'),
    ("1d offset 522w", 'window "1d offset 522w" is out of reach'),
    ("1780003600,1780000000", "does not end after it starts: write the earlier instant first"),
    ("1780000000,1780000000", 'window "1780000000,1780000000" does not end after it starts'),
    ("2026-11-02T00:00:00Z,2026-11-01T00:00:00Z", "does not end after it starts: write the earlier instant first"),
    ("2026-11-01T05:30:00+05:30,2026-11-01T00:00:00Z", "does not end after it starts: write the earlier instant first"),
    ("1780000000000,1780003600000", "has a unix time that looks like milliseconds: write seconds"),
    ("0,1780003600", "is out of reach: it must lie from 1970-01-01 to 2200-01-01 and be no longer than 3653 days"),
    ("1000000000,1780003600", "is out of reach: it must lie from 1970-01-01 to 2200-01-01"),
    ("7258118400,7258204800", "is out of reach: it must lie from 1970-01-01 to 2200-01-01"),
    ("2016-01-01T00:00:00Z,2026-01-02T00:00:00Z", "is out of reach: it must lie from 1970-01-01 to 2200-01-01"),
    ("1969-12-31T00:00:00Z,1970-01-02T00:00:00Z", "is out of reach: it must lie from 1970-01-01 to 2200-01-01"),
    ("2026-02-29T00:00:00Z,2026-03-02T00:00:00Z", "names a date that does not exist"),
    ("2026-02-28T00:00:00Z,2026-02-30T00:00:00Z", "names a date that does not exist"),
    ("2026-11-31T00:00:00Z,2026-12-02T00:00:00Z", "names a date that does not exist"),
    ("2026-13-01T00:00:00Z,2026-13-02T00:00:00Z", "names a date that does not exist"),
    ("2100-02-29T00:00:00Z,2100-03-02T00:00:00Z", "names a date that does not exist"),
)

GOOD_TIMEZONES = (
    "",
    "UTC",
    "Z",
    "Europe/Berlin",
    "America/Argentina/Ushuaia",
    "Etc/GMT+5",
    "+05:30",
    "-14:00",
    "+14:00",
)
BAD_TIMEZONES = (
    "Europe/Londn",
    "europe",
    "America",
    "CEST",
    "5:30",
    "+5:30",
    "+0530",
    "+14:01",
    "+15:00",
    "UTC+1",
    "Factory",
)

GOOD_LENGTHS = ("1m", "10m", "1h", "1d", "1w", "3653d")
UNREADABLE_LENGTHS = ("10", "h", "30s", "1h30m", "-1h", "1 h", "hourly", "1H")
FAR_LENGTHS = ("0m", "00d", "3654d", "5260321m")

GOOD_SCHEDULES = (
    "* * * * *",
    "0 6 * * *",
    "*/10 8-18 * * MON-FRI",
    "0,30 0 1,15 * *",
    "59 23 31 12 7",
    "0 6 * jan-mar,oct sun",
    "5/20 */2 1-10/3 */6 0-6/2",
    "0 0 29 2 *",
    "0 0 30 2 MON",
    "0 0 31 1,2 *",
)
BAD_SCHEDULES = (
    ("", 'schedule "" has not 5 fields'),
    ("0 6 * *", 'schedule "0 6 * *" has not 5 fields with one space between them'),
    ("0 0 6 * * *", 'schedule "0 0 6 * * *" has not 5 fields'),
    ("0  6 * * *", 'schedule "0  6 * * *" has not 5 fields with one space between them'),
    ("@daily", 'schedule "@daily" has not 5 fields'),
    ("60 6 * * *", 'schedule "60 6 * * *" has minute "60": use 0-59'),
    ("-1 6 * * *", 'has minute "-1": use 0-59'),
    ("9-5 6 * * *", 'has minute "9-5": use 0-59, *, lists, ascending ranges and /steps'),
    ("*/90 * * * *", 'has minute "*/90": use 0-59'),
    ("*/0 * * * *", 'has minute "*/0": use 0-59'),
    ("0 24 * * *", 'has hour "24": use 0-23'),
    ("0 6 0 * *", 'has day of month "0": use 1-31'),
    ("0 6 L * *", 'has day of month "L": use 1-31'),
    ("0 6 ? * *", 'has day of month "?": use 1-31'),
    ("0 6 * 13 *", 'has month "13": use 1-12 or JAN-DEC'),
    ("0 6 * OCT-MAR *", 'has month "OCT-MAR": use 1-12 or JAN-DEC'),
    ("0 6 * * 8", 'has day of week "8": use 0-7 (0 and 7 are Sunday) or SUN-SAT'),
    ("0 6 * * FRI-MON", 'has day of week "FRI-MON": use 0-7'),
    ("0 6 * * MON#2", 'has day of week "MON#2": use 0-7'),
    ("0 6 * * 1,,2", 'has day of week "1,,2": use 0-7'),
    ("0 6 30 2 *", 'schedule "0 6 30 2 *" names a date that no year has'),
    ("0 6 30,31 FEB *", "names a date that no year has"),
    ("0 6 31 4,6,SEP *", "names a date that no year has"),
)

GOOD: tuple[tuple[str, dict[str, Any]], ...] = (
    *(("CostReport", {"window": text}) for text in GOOD_WINDOWS),
    *(("CostReport", {"window": "7d", "timezone": text}) for text in GOOD_TIMEZONES),
    *(("CostReport", {"window": "7d", "step": text}) for text in ("", *GOOD_LENGTHS)),
    *(("AssetReport", {"window": "7d", "interval": text}) for text in GOOD_LENGTHS),
    *(("AssetReport", {"window": "7d", "schedule": text}) for text in GOOD_SCHEDULES),
    *(
        ("CostReport", {"window": "7d", "step": "1h", "accumulate": unit})
        for unit in ("false", "true", "all", "hour", "day", "week", "month", "quarter")
    ),
    ("CostReport", {"window": "7d", "aggregate": []}),
    (
        "CostReport",
        {"window": "7d", "aggregate": ["cluster", "node", "namespace", "controllerKind", "controller", "pod"]},
    ),
    ("CostReport", {"window": "7d", "idle": True, "splitIdle": True, "idleByNode": True}),
    ("CostReport", {"window": "7d", "idle": False}),
    (
        "CostReport",
        {"window": "7d", "aggregate": ["namespace", "label:app.kubernetes.io/name", "annotation:a", "team"]},
    ),
    ("CostReport", {"window": "7d", "filter": '(namespace:"shop","data"|label[app]!:"web")+pod<~:"a"'}),
    ("CostReport", {"window": "7d", "shareIdle": True, "idleByNode": True, "shareTenancyCosts": False}),
    (
        "CostReport",
        {"window": "7d", "shareNamespaces": ["kube-system"], "shareLabels": ["app:web"], "shareSplit": "even"},
    ),
    ("CostReport", {"window": "7d", "shareCost": 100, "costMetric": "monthly"}),
    ("CostReport", {"window": "7d", "shareCost": 30.42, "sortBy": "sharedCost"}),
    ("CostReport", {"window": "7d", "splitIdle": True}),
    ("CostReport", {"window": "7d", "sortBy": "efficiency", "sortOrder": "asc", "limit": 100_000, "history": 50}),
    ("CostReport", {"window": "7d", "formats": ["csv", "json"], "suspend": True, "limit": 0, "history": 0}),
    ("AssetReport", {"window": "7d", "aggregate": ["providerID", "instanceType"], "sortBy": "name"}),
    ("AssetReport", {"window": "7d", "aggregate": ["account", "project", "service", "label:karpenter.sh/nodepool"]}),
    ("AssetReport", {"window": "7d", "filter": '(assetType:"node"|provider!:"AWS")+label[pool]<~:"a"', "step": "1d"}),
    ("AssetReport", {"window": "7d", "disableAdjustments": True, "step": "1d", "sortBy": "diskCost"}),
    (
        "AssetReport",
        {"window": "7d", "aggregate": ["providerid", "team"], "filter": 'team:"a"', "sortBy": "adjustment"},
    ),
    ("CostReport", {"window": "7d", "reconcile": False, "external": True}),
)

BAD: tuple[Refused, ...] = (
    *(Refused({"window": text}, sentence) for text, sentence in BAD_WINDOWS),
    Refused({"window": "x" * 101}, "spec.window: Too long: may not be more than 100 bytes"),
    Refused({"window": 7}, 'spec.window in body must be of type string: "integer"'),
    Refused({}, "spec.window: Required value"),
    *(
        Refused({"window": "7d", "timezone": text}, f'timezone "{text}" is not known: use UTC, an IANA name')
        for text in BAD_TIMEZONES
    ),
    *(
        Refused({"window": "7d", "step": text}, f'step "{text}" cannot be read: use a number and m, h, d or w')
        for text in UNREADABLE_LENGTHS
    ),
    *(
        Refused({"window": "7d", "interval": text}, f'interval "{text}" cannot be read: use a number and m, h, d or w')
        for text in ("", *UNREADABLE_LENGTHS)
    ),
    *(
        Refused({"window": "7d", "step": text}, f'step "{text}" is out of reach: use 1m to 3653d')
        for text in FAR_LENGTHS
    ),
    *(
        Refused({"window": "7d", "interval": text}, f'interval "{text}" is out of reach: use 1m to 3653d')
        for text in FAR_LENGTHS
    ),
    *(Refused({"window": "7d", "schedule": text}, sentence) for text, sentence in BAD_SCHEDULES),
    Refused(
        {"window": "7d", "schedule": "0 6 * * *", "interval": "1h"},
        'schedule "0 6 * * *" and interval "1h" exclude each other: give one of them, or neither to run once',
    ),
    Refused({"window": "7d", "accumulate": "day"}, 'accumulate "day" needs a step to join, such as 1h or 1d'),
    Refused(
        {"window": "7d", "accumulate": "year"},
        'spec.accumulate: Unsupported value: "year": supported values: "false", "true", "all", "hour", "day"',
    ),
    Refused({"window": "7d", "accumulate": True}, 'Unsupported value: true: supported values: "false", "true"'),
    Refused({"window": "7d", "splitIdle": True, "idle": False}, "splitIdle true needs idle true"),
    Refused({"window": "7d", "idleByNode": True}, "idleByNode true needs splitIdle or shareIdle true"),
    Refused({"window": "7d", "idle": "no"}, 'spec.idle in body must be of type boolean: "string"'),
    Refused(
        {"window": "7d", "aggregate": ["namespce"]},
        "aggregate namespce names a property that is not offered; allowed are cluster, node, namespace",
    ),
    Refused({"window": "7d", "aggregate": ["label:"]}, "aggregate label: names a property that is not offered"),
    Refused({"window": "7d", "aggregate": ["label: "]}, "aggregate label:  names a property that is not offered"),
    Refused({"window": "7d", "shareLabels": ["app"]}, "shareLabels app cannot be read: write key:value"),
    Refused({"window": "7d", "shareLabels": ["app: "]}, "shareLabels app:  cannot be read: write key:value"),
    Refused({"window": "7d", "shareCost": -1}, "spec.shareCost in body should be greater than or equal to 0"),
    Refused({"window": "7d", "shareCost": "10"}, 'spec.shareCost in body must be of type number: "string"'),
    Refused({"window": "7d", "shareSplit": "fair"}, 'Unsupported value: "fair": supported values: "weighted", "even"'),
    Refused({"window": "7d", "costMetric": "yearly"}, 'Unsupported value: "yearly": supported values: "cumulative"'),
    Refused({"window": "7d", "aggregate": ["pod", "pod"]}, "aggregate pod,pod names a value twice: name each once"),
    Refused({"window": "7d", "aggregate": "pod"}, 'spec.aggregate in body must be of type array: "string"'),
    Refused(
        {"window": "7d", "aggregate": ["pod"]},
        "aggregate pod names a property that is not offered; allowed are provider, account, project, category, cluster",
        "AssetReport",
    ),
    *(
        Refused({"window": "7d", "aggregate": [text]}, f"aggregate {text} names a property that is not", "AssetReport")
        for text in ("label:", "annotation:a", "providerId", "Type")
    ),
    Refused({"window": "7d", "aggregate": ["type", "type"]}, "aggregate type,type names a value twice", "AssetReport"),
    Refused({"window": "7d", "filter": 7}, 'spec.filter in body must be of type string: "integer"', "AssetReport"),
    Refused({"window": "7d", "formats": []}, "spec.formats in body should have at least 1 items"),
    Refused({"window": "7d", "formats": ["xml"]}, 'Unsupported value: "xml": supported values: "json", "csv"'),
    Refused({"window": "7d", "formats": ["csv", "csv"]}, "formats csv,csv names a value twice: name each once"),
    Refused({"window": "7d", "limit": -1}, "spec.limit in body should be greater than or equal to 0"),
    Refused({"window": "7d", "limit": 100_001}, "spec.limit in body should be less than or equal to 100000"),
    Refused({"window": "7d", "limit": "10"}, 'spec.limit in body must be of type integer: "string"'),
    Refused({"window": "7d", "history": 51}, "spec.history in body should be less than or equal to 50"),
    Refused({"window": "7d", "sortBy": "cost"}, 'Unsupported value: "cost": supported values: "totalCost", "cpuCost"'),
    Refused({"window": "7d", "sortBy": "efficiency"}, 'Unsupported value: "efficiency"', "AssetReport"),
    Refused({"window": "7d", "sortOrder": "up"}, 'Unsupported value: "up": supported values: "asc", "desc"'),
)

# Refused before the schema is asked, so that the answer does not name the object.
UNKNOWN_FIELDS = (
    Refused({"window": "7d", "windw": "7d"}, 'unknown field "spec.windw"'),
    Refused({"window": "7d", "sort_by": "name"}, 'unknown field "spec.sort_by"'),
    Refused({"window": "7d", "namespaces": True}, 'unknown field "spec.namespaces"'),
    Refused({"window": "7d", "idle": True}, 'unknown field "spec.idle"', "AssetReport"),
)


def body_of(kind: str, spec: dict[str, Any], name: str = "report") -> dict[str, Any]:
    """An object of ``kind`` as a person writes it."""
    return {"apiVersion": "farthing.dev/v1alpha1", "kind": kind, "metadata": {"name": name}, "spec": spec}
