"""Specs of PriceBooks, good and bad, that the API server and our own parser must judge alike."""

from typing import Any, Final

from tests.resources.spec_values import Refused


def one_rule(**rule: Any) -> dict[str, Any]:
    """A spec of one rule, with a rate unless it has something to say itself."""
    says = {"node", "discount", "negotiatedDiscount"} & rule.keys()
    return {"rules": [{"name": "one", **({} if says else {"node": {"cpuCoreHourly": 0.01}}), **rule}]}


GOOD: Final[tuple[dict[str, Any], ...]] = (
    {},
    {"currency": "EUR", "validFrom": "2026-11-01", "validTo": "2026-11-01T00:00:01Z"},
    {"validFrom": "2024-02-29T12:00:00+05:30", "validTo": "2024-02-29T12:00:00-05:30"},
    one_rule(),
    one_rule(node={"cpuCoreHourly": 0, "ramGiBMonthly": 1.5, "gpuHourly": 1e9}),
    one_rule(node={"nodeMonthly": 730}),
    one_rule(discount=1, negotiatedDiscount=0.5),
    one_rule(
        select={
            "provider": "AWS",
            "instanceTypes": ["m5.*", "c5.large"],
            "regions": ["eu-*"],
            "zones": ["a"],
            "spot": True,
            "labels": ["example.com/pool:gpu*"],
            "names": ["ip-10-*"],
        }
    ),
    one_rule(validFrom="2026-01-01", validTo="2027-01-01"),
    {"storageClasses": [{"name": "gp3", "GiBMonthly": 0.08}, {"name": "*", "GiBHourly": 0.0001}]},
    {"network": {"zonePerGiB": 0.01, "internetPerGiB": 0}},
    {"loadBalancer": {"monthly": 18.25}, "management": {"hourly": 0.1}},
)

RULE = "spec.rules[0]"
BAD: Final[tuple[Refused, ...]] = (
    Refused(
        one_rule(node={"cpuCoreHourly": -0.01}),
        f"{RULE}.node.cpuCoreHourly in body should be greater than or equal to 0",
    ),
    Refused(
        one_rule(node={"cpuCoreHourly": "0.01"}), f'{RULE}.node.cpuCoreHourly in body must be of type number: "string"'
    ),
    Refused(
        one_rule(node={"cpuCoreHourly": 1, "cpuCoreMonthly": 1}),
        "cpuCoreHourly and cpuCoreMonthly are the same rate: give one of them, a month is 730 hours",
    ),
    Refused(one_rule(node={"ramGiBHourly": 1, "ramGiBMonthly": 1}), "ramGiBHourly and ramGiBMonthly are the same rate"),
    Refused(one_rule(node={"gpuHourly": 1, "gpuMonthly": 1}), "gpuHourly and gpuMonthly are the same rate"),
    Refused(one_rule(node={"nodeHourly": 1, "nodeMonthly": 1}), "nodeHourly and nodeMonthly are the same rate"),
    Refused(one_rule(node={"nodeHourly": 1, "gpuHourly": 1}), "give no rate of cpu, ram or gpu beside them"),
    Refused(one_rule(node={}), "node has no rate: give one, or leave node out"),
    Refused(one_rule(discount=1.01), f"{RULE}.discount in body should be less than or equal to 1"),
    Refused(
        one_rule(negotiatedDiscount=-0.1), f"{RULE}.negotiatedDiscount in body should be greater than or equal to 0"
    ),
    Refused(one_rule(discount=0), "a rule has node rates, a discount or a negotiatedDiscount"),
    Refused(one_rule(name="One"), f"{RULE}.name in body should match"),
    Refused(one_rule(select={"labels": ["pool"]}), "labels cannot be read: write key:value, such as pool:gpu*"),
    Refused(one_rule(select={"labels": [":gpu"]}), "labels cannot be read"),
    Refused(one_rule(select={"spot": "yes"}), f'{RULE}.select.spot in body must be of type boolean: "string"'),
    Refused(one_rule(select={"regions": [""]}), f"{RULE}.select.regions[0] in body should be at least 1 chars long"),
    Refused(
        {"rules": [*one_rule()["rules"], *one_rule(discount=0.5)["rules"]]},
        'spec.rules[1]: Duplicate value: {"name":"one"}',
    ),
    *(
        Refused({"validFrom": text}, f'validFrom "{text}" cannot be read: use a date such as 2026-11-01')
        for text in ("", "today", "2026-02-29", "2026-11-01T24:00:00Z", "2026-11-01T00:00:00", "2026-11-01 00:00:00Z")
    ),
    Refused(one_rule(validTo="soon"), 'validTo "soon" cannot be read'),
    Refused({"validFrom": "2026-11-01", "validTo": "2026-11-01"}, "validFrom is not before validTo"),
    Refused(one_rule(validFrom="2026-11-02", validTo="2026-11-01T23:59:59Z"), "validFrom is not before validTo"),
    Refused({"currency": "usd"}, "spec.currency in body should match '^[A-Z]{3}$'"),
    Refused({"storageClasses": [{"name": "gp3"}]}, "storageClasses wants a rate: give the hourly or the monthly one"),
    Refused(
        {"storageClasses": [{"name": "gp3", "GiBHourly": 1, "GiBMonthly": 1}]},
        "GiBHourly and GiBMonthly are the same rate",
    ),
    Refused({"network": {"zonePerGiB": -1}}, "spec.network.zonePerGiB in body should be greater than or equal to 0"),
    Refused({"management": {}}, "this wants a rate: give the hourly or the monthly one"),
    Refused({"loadBalancer": {"hourly": 1, "monthly": 1}}, "hourly and monthly are the same rate"),
)

UNKNOWN_FIELDS: Final[tuple[Refused, ...]] = (
    Refused(one_rule(select={"instanceType": ["m5.large"]}), 'unknown field "spec.rules[0].select.instanceType"'),
    Refused(one_rule(node={"cpuHourly": 1}), 'unknown field "spec.rules[0].node.cpuHourly"'),
    Refused({"price": 1}, 'unknown field "spec.price"'),
)
