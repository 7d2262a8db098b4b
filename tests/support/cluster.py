"""A Kubernetes cluster that tests reach through a kubeconfig file, whoever runs it."""

import base64
import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.waiting import wait_until

KUBECTL_SECONDS = 120.0


class KubectlError(Exception):
    """kubectl failed; the message holds the command and what it said."""


class UnnamedClusterError(Exception):
    """The user gave half of what names a cluster: a kubeconfig without a context of it, or the reverse."""


class Cluster:
    """A cluster and its administrator's way in."""

    def __init__(self, *, url: str, ca_file: Path, kubeconfig: Path, kubectl: Path, folder: Path) -> None:
        self.url = url
        self.ca_file = ca_file
        self.kubeconfig = kubeconfig
        self._kubectl = kubectl
        self._folder = folder

    def kubectl(
        self,
        *arguments: str,
        input: str | None = None,  # noqa: A002 - as subprocess.run spells it
        check: bool = True,
        kubeconfig: Path | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run kubectl as the administrator, or as ``kubeconfig`` says; ``input`` is its standard input.

        KubectlError when it fails and ``check`` is set.
        """
        done = run_kubectl(self._kubectl, self._folder, kubeconfig or self.kubeconfig, arguments, given=input)
        if check and done.returncode:
            raise KubectlError(f"kubectl {' '.join(arguments)} ended with {done.returncode}: {done.stderr.strip()}")
        return done

    def get(self, *arguments: str) -> dict[str, Any]:
        """What ``kubectl get ARGUMENTS`` finds, as the API gives it."""
        found: dict[str, Any] = json.loads(self.kubectl("get", *arguments, "--output=json").stdout)
        return found

    def apply(self, *objects: Mapping[str, Any]) -> None:
        """Create or change ``objects``."""
        several = {"apiVersion": "v1", "kind": "List", "items": objects}
        self.kubectl("apply", "--filename=-", input=json.dumps(several))

    def create_namespace(self, name: str, labels: Mapping[str, str] | None = None) -> None:
        """Create a namespace and return when pods may be created in it: when its service account is there."""
        self.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": dict(labels or {})}})
        wait_until(
            lambda: not self.kubectl("get", "serviceaccount", "default", "-n", name, check=False).returncode,
            f"the default service account of namespace {name}",
        )

    def kubeconfig_for_service_account(self, namespace: str, name: str) -> Path:
        """A kubeconfig with a fresh token of the service account ``name``, good for eight hours."""
        token = self.kubectl("create", "token", name, "--namespace", namespace, "--duration=8h").stdout.strip()
        path = self._folder / f"{namespace}.{name}.kubeconfig"
        write_kubeconfig(path, url=self.url, ca_file=self.ca_file, user=name, token=token, namespace=namespace)
        return path


def given_cluster(kubeconfig: Path | None, context: str | None, *, kubectl: Path, folder: Path) -> Cluster:
    """The cluster that ``context`` of the file ``kubeconfig`` names.

    UnnamedClusterError unless the user named both: a kubeconfig's current context is no consent to test against it.
    """
    if kubeconfig is None:
        raise UnnamedClusterError(f"--kube-context {context} needs --kubeconfig FILE: name the file that holds it")
    names = run_kubectl(kubectl, folder, kubeconfig, ["config", "get-contexts", "--output=name"]).stdout.split()
    if context not in names:
        given = "no --kube-context" if context is None else f"--kube-context {context}"
        raise UnnamedClusterError(
            f"{given} was given for {kubeconfig}: name one of {', '.join(names) or 'its contexts'}"
        )
    view = ["config", "view", "--raw", "--minify", "--flatten", f"--context={context}", "--output=json"]
    minified = run_kubectl(kubectl, folder, kubeconfig, view).stdout
    cluster = json.loads(minified)["clusters"][0]["cluster"]
    only_it, ca_file = folder / "given.kubeconfig", folder / "given-ca.crt"
    write_secret(only_it, minified)
    ca_file.write_bytes(base64.b64decode(cluster.get("certificate-authority-data", "")))
    return Cluster(url=cluster["server"], ca_file=ca_file, kubeconfig=only_it, kubectl=kubectl, folder=folder)


def run_kubectl(
    kubectl: Path, folder: Path, kubeconfig: Path, arguments: tuple[str, ...] | list[str], *, given: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run kubectl on ``kubeconfig`` with its caches in ``folder``: ports, and so what they hold, change every run."""
    environment = {name: value for name, value in os.environ.items() if name != "KUBECONFIG"}
    return subprocess.run(
        [kubectl, f"--kubeconfig={kubeconfig}", *arguments],
        env={**environment, "KUBECACHEDIR": str(folder / "kubectl-cache")},
        input=given,
        stdin=subprocess.DEVNULL if given is None else None,
        capture_output=True,
        text=True,
        check=False,
        timeout=KUBECTL_SECONDS,
    )


def write_kubeconfig(path: Path, *, url: str, ca_file: Path, user: str, token: str, namespace: str = "default") -> None:
    """Write a kubeconfig of one cluster and one user; JSON is YAML too."""
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "farthing-tests",
        "contexts": [
            {"name": "farthing-tests", "context": {"cluster": "tests", "user": user, "namespace": namespace}},
        ],
        "clusters": [{"name": "tests", "cluster": {"server": url, "certificate-authority": str(ca_file)}}],
        "users": [{"name": user, "user": {"token": token}}],
    }
    write_secret(path, json.dumps(config, indent=2))


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner reads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
