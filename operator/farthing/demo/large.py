"""A made-up cluster of any size for measurements: mostly long-lived pods, with rollouts and Jobs all the time."""

from collections.abc import Iterator
from dataclasses import dataclass

from farthing.demo.cluster import GIB, MIB, Cluster, Node, Owner, Pod, Service, Volume
from farthing.demo.identity import between, hexadecimal, suffix, uid
from farthing.demo.machines import Machine
from farthing.demo.network_scenario import talking
from farthing.demo.shapes import Wave
from farthing.demo.templates import ContainerTemplate, Life, PodTemplate, pod
from farthing.errors import InvalidInputError

DAY = 86_400
AGENTS = ("kube-proxy", "aws-node", "node-exporter")
"""The DaemonSets."""
JOB_SHARE = 0.02
CHURN_SHARE = 0.10
"""Share of the pods that are Jobs' and that are replaced every few hours; the others stay."""
CHURN_SECONDS = (6 * 3600, 36 * 3600)
JOB_SECONDS = (300, 2400)
KEEP_SECONDS = 600
"""How long a finished Job's pod stays."""
REPLICAS = 10
NAMESPACES = 25


@dataclass(frozen=True, slots=True)
class Size:
    """How many nodes, and how many pods and containers at each moment."""

    nodes: int = 60
    pods: int = 2000
    containers: int = 2500

    def __post_init__(self) -> None:
        """Refuse sizes that the DaemonSets alone exceed, or that ask for more than two containers a lasting pod."""
        if self.lasting < 0 or not 0 <= self.containers - self.pods <= self.lasting:
            raise InvalidInputError(
                f"{self.pods} pods with {self.containers} containers on {self.nodes} nodes cannot be made: use more than "
                f"{len(AGENTS)} pods a node, and between one and two containers a lasting pod."
            )

    @property
    def jobs(self) -> int:
        """How many pods belong to Jobs."""
        return int(self.pods * JOB_SHARE)

    @property
    def churning(self) -> int:
        """How many pods are replaced every few hours."""
        return int(self.pods * CHURN_SHARE)

    @property
    def lasting(self) -> int:
        """How many pods outlive the window, DaemonSets' not counted."""
        return self.pods - self.jobs - self.churning - len(AGENTS) * self.nodes


DEFAULT_SIZE = Size()


def bench_cluster(start: int, end: int, size: Size = DEFAULT_SIZE, seed: int = 1) -> Cluster:
    """A cluster of ``size`` over ``[start, end)`` [unix s]; pods spread evenly over equal nodes."""
    nodes = tuple(_nodes(start, size.nodes, seed))
    pods = (
        *_agents(nodes),
        *_lasting(nodes, start, size),
        *_churning(nodes, (start, end), size.churning),
        *_jobs(nodes, (start, end), size.jobs),
    )
    return Cluster(start, end, nodes, pods, tuple(_volumes(pods, start)), tuple(_services(size, start)))


def _volumes(pods: tuple[Pod, ...], start: int) -> Iterator[Volume]:
    """A volume for each claim that a pod mounts."""
    for namespace, claim in sorted({(one.namespace, claim) for one in pods for claim in one.claims}):
        yield Volume(
            name=f"pvc-{uid(namespace, claim)}",
            namespace=namespace,
            claim=claim,
            storage_class="gp3",
            driver="ebs.csi.aws.com",
            handle=f"vol-0{hexadecimal(16, namespace, claim)}",
            size=20 * GIB,
            created=start - 9 * DAY,
            deleted=None,
            rate=0.08 / 730,
        )


def _services(size: Size, start: int) -> Iterator[Service]:
    """A service in front of each lasting workload; every twentieth is a load balancer."""
    for number in range(-(-size.lasting // REPLICAS)):
        balances = number % 20 == 0
        yield Service(
            namespace=_namespace(number),
            name=f"service-{number}",
            uid=uid("service", number),
            created=start - 9 * DAY,
            workload=f"service-{number}",
            address=f"203.0.113.{number % 250}" if balances else "",
            rate=0.0225 if balances else 0.0,
        )


def _nodes(start: int, number: int, seed: int) -> Iterator[Node]:
    for index in range(number):
        yield Machine(
            address=f"10.0.{index // 200}.{10 + index % 200}",
            kind="m5.4xlarge",
            zone="abc"[index % 3],
            created=start - 9 * DAY - 61 * index,
            spot=index % 5 == 0,
        ).rent(seed)


def _agents(nodes: tuple[Node, ...]) -> Iterator[Pod]:
    for agent in AGENTS:
        template = PodTemplate("kube-system", agent, (_container(agent, 0.1, 64 * MIB),))
        for node in nodes:
            name = f"{agent}-{suffix(5, agent, node.provider_id)}"
            yield pod(template, name, node, (Owner("DaemonSet", agent),), Life(created=node.created + 15))


def _lasting(nodes: tuple[Node, ...], start: int, size: Size) -> Iterator[Pod]:
    with_sidecar = size.containers - size.pods
    for index in range(size.lasting):
        template = _template("service", index // REPLICAS, sidecar=index < with_sidecar)
        created = start - 2 * DAY - between(0, 5 * DAY, "lasting", index)
        yield _replica(template, nodes[index % len(nodes)], index, Life(created=created))


def _churning(nodes: tuple[Node, ...], span: tuple[int, int], number: int) -> Iterator[Pod]:
    for index in range(number):
        template = _template("preview", index // REPLICAS, sidecar=False)
        created = span[0] - between(0, CHURN_SECONDS[0], "churning", index)
        while created < span[1]:
            deleted = created + between(*CHURN_SECONDS, "churning", index, created)
            node = nodes[between(0, len(nodes) - 1, index, created)]
            yield _replica(template, node, index, Life(created=created, deleted=deleted))
            created = deleted


def _jobs(nodes: tuple[Node, ...], span: tuple[int, int], number: int) -> Iterator[Pod]:
    for index in range(number):
        created = span[0] - between(0, JOB_SECONDS[0], "job", index)
        while created < span[1]:
            seconds = between(*JOB_SECONDS, "job", index, created)
            name = f"batch-{index}"
            template = PodTemplate(_namespace(index), name, (_container(name, 0.3, 256 * MIB, seconds=seconds),))
            job = f"{name}-{created // 60}"
            owners = (Owner("Job", job), Owner("CronJob", name))
            life = Life(created=created, deleted=created + seconds + KEEP_SECONDS, finishes=True)
            node = nodes[between(0, len(nodes) - 1, "job", index, created)]
            yield pod(template, f"{job}-{suffix(5, job)}", node, owners, life)
            created += seconds + between(*_PAUSE_SECONDS, job)


def _replica(template: PodTemplate, node: Node, index: int, life: Life) -> Pod:
    replica_set = f"{template.name}-{hexadecimal(10, template.name)}"
    owners = (Owner("ReplicaSet", replica_set), Owner("Deployment", template.name))
    return pod(template, f"{replica_set}-{suffix(5, replica_set, index, life.created)}", node, owners, life)


def _template(kind: str, number: int, *, sidecar: bool) -> PodTemplate:
    name = f"{kind}-{number}"
    main = _container("main", 0.1 * between(1, 5, name), 128 * MIB * between(1, 8, name, "ram"))
    containers = (main, _container("sidecar", 0.05, 64 * MIB)) if sidecar else (main,)
    claims = ("data",) if number % 5 == 0 else ()
    return PodTemplate(
        _namespace(number), name, containers, claim_templates=claims, traffic=talking(50, zone=0.2, internet=0.1)
    )


def _namespace(number: int) -> str:
    return f"team-{number % NAMESPACES:02}"


def _container(name: str, cpu: float, ram: int, seconds: int | None = None) -> ContainerTemplate:
    load = 0.3 + between(0, 6, name, cpu, ram) / 10
    return ContainerTemplate(
        name=name,
        image=f"registry.example/{name}:1",
        cpu=Wave(cpu * load, 0.3, 3.6),
        ram=Wave(min(ram * (load + 0.1), 2.0 * GIB), 0.1, 3.6),
        cpu_request=cpu,
        ram_request=ram,
        seconds=seconds,
    )


_PAUSE_SECONDS = (6, 15)
"""From the end of one Job's run to the next Job's pod."""
