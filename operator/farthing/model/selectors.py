"""Whose pods a service selects, where only the labels it asks for are known."""

import ibis.expr.types as ir

from farthing.model.sampled import POD_KEY, samples

SERVICE = ("namespace", "service")


def selected() -> ir.Table:
    """The pods that carry every label a service of their namespace selects by: columns namespace, service, pod, uid."""
    wanted = samples("service_selectors")
    carried = samples("pod_labels").select(*POD_KEY, "key", "label_value")
    met = wanted.join(carried, ["namespace", "key", "label_value"])
    met = met.group_by(*SERVICE, "pod", "uid").agg(met=met.key.nunique())
    pairs = met.join(wanted.group_by(*SERVICE).agg(asked=wanted.key.nunique()), [*SERVICE])
    return pairs.filter(pairs.met == pairs.asked).select(*SERVICE, "pod", "uid")
