"""A cluster of two tenants, azure and crimson, all of whose names begin so; and the same with one of them quite different."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from hypothesis import strategies as st

from farthing import wiring
from farthing.demo.cluster import Cluster, Container, Owner, Pod, Service, Volume
from farthing.demo.scenario import demo_cluster
from farthing.demo.shapes import Wave
from farthing.demo.source import DemoSource
from farthing.model.window import Window
from farthing.services.asking import AskService
from farthing.settings import Settings

AZURE, CRIMSON = "azure", "crimson"
HOUR = 3600
START = 1_794_873_600  # 2026-11-17 00:00 UTC
END = START + 26 * HOUR
OF_DEMO = {"shop": AZURE, "payments": AZURE, "data": CRIMSON, "ci": CRIMSON}
"""Whose the namespaces of the demo become."""


def tenants(namespaces: Mapping[str, str], other: str = "") -> Cluster:
    """The cluster; ``namespaces`` are called so by their tenant. Of the tenant ``other`` all has another name, and thrice the size."""
    demo = demo_cluster(START, END)
    renamed = {name: _Tenant(who, namespaces[who], other == who) for name, who in OF_DEMO.items()}
    return replace(
        demo,
        pods=tuple(renamed[one.namespace].pod(one) if one.namespace in renamed else one for one in demo.pods),
        volumes=tuple(renamed[one.namespace].volume(one) if one.namespace in renamed else one for one in demo.volumes),
        services=tuple(
            renamed[one.namespace].service(one) if one.namespace in renamed else one for one in demo.services
        ),
    )


class _Tenant:
    def __init__(self, who: str, namespace: str, is_other: bool) -> None:
        self._prefix = f"{who}-other-" if is_other else f"{who}-"
        self._namespace = namespace
        self._times = 3 if is_other else 1

    def pod(self, one: Pod) -> Pod:
        return replace(
            one,
            namespace=self._namespace,
            name=self._prefix + one.name,
            uid=self._prefix + one.uid,
            owners=tuple(Owner(owner.kind, self._prefix + owner.name) for owner in one.owners),
            claims=tuple(self._prefix + claim for claim in one.claims),
            containers=tuple(map(self._container, one.containers)),
        )

    def _container(self, one: Container) -> Container:
        return replace(
            one,
            name=self._prefix + one.name,
            cpu_request=one.cpu_request and one.cpu_request * self._times,
            ram_request=one.ram_request and one.ram_request * self._times,
            cpu=self._larger(one.cpu),
            ram=self._larger(one.ram),
        )

    def _larger(self, wave: Wave) -> Wave:
        return replace(wave, base=wave.base * self._times)

    def volume(self, one: Volume) -> Volume:
        return replace(
            one,
            name=self._prefix + one.name,
            namespace=self._namespace,
            claim=self._prefix + one.claim,
            handle=self._prefix + one.handle,
            size=one.size * self._times,
        )

    def service(self, one: Service) -> Service:
        return replace(
            one,
            namespace=self._namespace,
            name=self._prefix + one.name,
            uid=self._prefix + one.uid,
            workload=self._prefix + one.workload if one.workload else "",
            address=self._prefix + one.address if one.address else "",
            rate=one.rate * self._times,
        )


def asked_of(folder: Path, cluster: Cluster) -> AskService:
    """What answers of ``cluster`` as of its end, from a store in ``folder``."""
    settings, source = Settings(store=folder), DemoSource(cluster)
    wiring.collector(settings, source).collect(
        Window(datetime.fromtimestamp(START, UTC), datetime.fromtimestamp(END, UTC))
    )
    return wiring.ask_service(settings, source, source.now)


def requests_of(namespaces: Mapping[str, str], paths: tuple[str, ...]) -> st.SearchStrategy[tuple[str, dict[str, str]]]:
    """Paths and parameters that a tenant may send, those that name the others' things among them."""
    names = (*namespaces.values(), "crimson-postgres", "azure-web", "crimson*", "kube-system", "*")
    filters = st.sampled_from(
        [f'namespace:"{name}"' for name in names] + ['label[app]<~:"crimson"', 'node:"x"', "broken"]
    )
    pool: dict[str, st.SearchStrategy[str]] = {
        "window": st.sampled_from(["1d", "2d", "today", "3h", f"{START},{START + 5 * HOUR}", "1w", "2h offset 3h"]),
        "timeWindow": st.sampled_from(["1d", "3h"]),
        "aggregate": st.sampled_from(
            ["", "namespace", "controller", "pod", "label:app", "label:team", "service", "namespace,controllerKind", "cluster", "type"]
        ),
        "aggregation": st.sampled_from(["namespace", "controller", "pod", "container", "service", "cluster"]),
        "accumulate": st.sampled_from(["true", "false"]),
        "idle": st.sampled_from(["true", "false"]),
        "includeIdle": st.sampled_from(["true", "false"]),
        "shareIdle": st.sampled_from(["true", "false"]),
        "shareNamespaces": st.sampled_from(names),
        "shareTenancyCosts": st.sampled_from(["true", "false"]),
        "filter": filters,
        "filterNamespaces": st.sampled_from(names),
        "filterPods": st.sampled_from(names),
        "filterNodes": st.sampled_from(names),
        "field": st.sampled_from(["namespace", "pod", "controller", "label:app", "label", "node", "cluster", "service", "type"]),
        "search": st.sampled_from(["", "crim", "azu", "postgres"]),
        "names": st.sampled_from(names),
        "limit": st.sampled_from(["0", "1", "3"]),
        "offset": st.sampled_from(["0", "2"]),
        "format": st.sampled_from(["json", "csv"]),
        "before": st.sampled_from(["1d offset 1d", "yesterday"]),
        "after": st.sampled_from(["1d", "today"]),
    }  # fmt: skip
    return st.tuples(
        st.sampled_from(paths),
        st.fixed_dictionaries(
            {"window": pool["window"]}, optional={name: one for name, one in pool.items() if name != "window"}
        ),
    )
