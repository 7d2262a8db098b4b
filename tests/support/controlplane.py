"""A real Kubernetes control plane of our own: etcd, kube-apiserver, kube-controller-manager, and kwok for the kubelets."""

import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.support.cluster import Cluster, write_kubeconfig, write_secret
from tests.support.servers import Server, answers, free_ports, log_tail

PROGRAMS = ("etcd", "kube-apiserver", "kube-controller-manager", "kubectl", "kwok")
# Without real machines these would wait for a cloud, or evict pods from nodes whose kubelet is made up.
ABSENT_CONTROLLERS = (
    "node-ipam-controller",
    "node-lifecycle-controller",
    "node-route-controller",
    "service-lb-controller",
    "cloud-node-lifecycle-controller",
)


class ControlPlane(Cluster):
    """A cluster that lives for a ``with`` block, its files and logs in ``folder``, its data gone at the end."""

    def __init__(self, folder: Path, programs: Mapping[str, Path]) -> None:
        etcd_port, peer_port, apiserver_port, self._kwok_port = free_ports(4)
        super().__init__(
            url=f"https://127.0.0.1:{apiserver_port}",
            ca_file=folder / "certificates" / "apiserver.crt",
            kubeconfig=folder / "admin.kubeconfig",
            kubectl=programs["kubectl"],
            folder=folder,
        )
        self.logs = folder / "logs"
        self._data = folder / "etcd"
        self._tokens = folder / "tokens.csv"
        self._admin_token = secrets.token_urlsafe(32)
        self._etcd = Server(etcd_command(programs["etcd"], self._data, etcd_port, peer_port), self.logs / "etcd.log")
        self._apiserver = Server(
            apiserver_command(programs["kube-apiserver"], self.ca_file.parent, self._tokens, apiserver_port, etcd_port),
            self.logs / "kube-apiserver.log",
        )
        self._controller_manager = Server(
            controller_manager_command(programs["kube-controller-manager"], self.kubeconfig, self.ca_file),
            self.logs / "kube-controller-manager.log",
        )
        self._kwok = Server(
            kwok_command(programs["kwok"], self.kubeconfig, self._kwok_port),
            self.logs / "kwok.log",
            environment={"HOME": str(folder)},
        )

    def __enter__(self) -> Self:
        """Start everything; return when pods can be created. ServerError, with the logs' ends, when it does not come up."""
        token = self._admin_token
        write_secret(self._tokens, f'{token},admin,admin,"system:masters"\n')
        write_kubeconfig(self.kubeconfig, url=self.url, ca_file=self.ca_file, user="admin", token=token)
        try:
            self._etcd.start()
            self.start_apiserver()
            self._controller_manager.start()
            self._kwok.start()
            self._controller_manager.wait_ready(self._default_service_account_exists)
            self._kwok.wait_ready(lambda: answers(f"http://127.0.0.1:{self._kwok_port}/healthz"))
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Stop everything at once; the logs stay in ``folder``."""
        self._stop()

    def start_apiserver(self) -> None:
        """Start the apiserver and return when it is ready."""
        self._apiserver.start_ready(self._apiserver_ready)

    def stop_apiserver(self) -> None:
        """End the apiserver as a crash would; its data, its address and all tokens are good again after `start_apiserver`."""
        # Asked politely it waits a quarter of a minute for watches to end.
        self._apiserver.kill()

    def log_tails(self) -> str:
        """The last lines of every log."""
        return "\n".join(log_tail(each.log) for each in self._servers())

    def _servers(self) -> tuple[Server, ...]:
        return self._kwok, self._controller_manager, self._apiserver, self._etcd

    def _stop(self) -> None:
        # The data goes too, so there is nothing that an orderly end would save.
        for each in self._servers():
            each.kill()
        shutil.rmtree(self._data, ignore_errors=True)

    def _apiserver_ready(self) -> bool:
        if not self.ca_file.exists():
            return False
        return answers(f"{self.url}/readyz", verify=self.ca_file, token=self._admin_token)

    def _default_service_account_exists(self) -> bool:
        return not self.kubectl("get", "serviceaccount", "default", check=False).returncode


def etcd_command(program: Path, data: Path, client_port: int, peer_port: int) -> list[str | Path]:
    """How etcd is run: alone, and without waiting for the disk."""
    client, peer = f"http://127.0.0.1:{client_port}", f"http://127.0.0.1:{peer_port}"
    return [
        program,
        f"--data-dir={data}",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=default={peer}",
        "--unsafe-no-fsync",
        "--log-level=warn",
    ]


def apiserver_command(program: Path, certificates: Path, tokens: Path, port: int, etcd_port: int) -> list[str | Path]:
    """How the apiserver is run: RBAC on, nobody anonymous, with the default admission plugins (Pod Security among them).

    It makes its own serving certificate before it reads the key for service account tokens, so that key serves as both.
    """
    key = certificates / "apiserver.key"
    return [
        program,
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        f"--secure-port={port}",
        "--bind-address=127.0.0.1",
        "--advertise-address=127.0.0.1",
        f"--cert-dir={certificates}",
        f"--token-auth-file={tokens}",
        "--anonymous-auth=false",
        "--authorization-mode=RBAC",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={key}",
        f"--service-account-signing-key-file={key}",
        "--service-cluster-ip-range=10.0.0.0/24",
        "--allow-privileged=true",
        # The service `kubernetes` may not have a loopback address as its endpoint.
        "--endpoint-reconciler-type=none",
    ]


def controller_manager_command(program: Path, kubeconfig: Path, ca_file: Path) -> list[str | Path]:
    """How the controllers are run: garbage collection, service accounts, workloads; none that needs machines."""
    return [
        program,
        f"--kubeconfig={kubeconfig}",
        f"--controllers=*,{','.join(f'-{name}' for name in ABSENT_CONTROLLERS)}",
        f"--service-account-private-key-file={ca_file.with_suffix('.key')}",
        f"--root-ca-file={ca_file}",
        "--leader-elect=false",
        "--secure-port=0",
    ]


def kwok_command(program: Path, kubeconfig: Path, port: int) -> list[str | Path]:
    """How kwok is run: every node is its own, every pod bound to one becomes Running."""
    return [program, f"--kubeconfig={kubeconfig}", "--manage-all-nodes=true", f"--server-address=127.0.0.1:{port}"]
