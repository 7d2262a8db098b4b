"""Where the Kubernetes API is and who we are there: a kubeconfig, or the pod's service account."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from yaml import YAMLError

from farthing.errors import KubernetesError, KubernetesUnreachableError

CONNECTIONS: Final = 16


def configuration(kubeconfig: Path | None) -> Any:
    """How to reach the API by the current context of ``kubeconfig``, or as the pod's service account without one.

    The value is a ``kubernetes.client.Configuration``; its own retries are off. Raises KubernetesError.
    """
    from kubernetes import client
    from kubernetes import config as untyped

    config: Any = untyped
    found = client.Configuration()
    try:
        if kubeconfig is None:
            config.load_incluster_config(client_configuration=found)
        else:
            config.load_kube_config(str(kubeconfig), client_configuration=found, persist_config=False)
    except config.ConfigException as error:
        raise KubernetesError(
            f"no way to the Kubernetes API: {error}; run in a pod with a service account, or name a kubeconfig",
        ) from error
    except (OSError, TypeError, ValueError, YAMLError) as error:
        # Not what the parser says, which quotes the file, and that holds secrets.
        raise KubernetesError(f"kubeconfig {str(kubeconfig)!r} cannot be read ({type(error).__name__})") from error
    found.retries = False
    found.connection_pool_maxsize = CONNECTIONS
    return found


def authorization(found: Any) -> str | None:
    """The value of the Authorization header, with a token read again if it may have been rotated.

    Raises KubernetesError if it cannot be read.
    """
    from kubernetes.config import ConfigException

    try:
        # Asking runs the hook that reads a service account's token anew each minute.
        setting = found.auth_settings().get("BearerToken")
    except (ConfigException, OSError) as error:
        raise KubernetesError(f"the token for {found.host} cannot be read: is it still mounted?") from error
    return str(setting["value"]) if setting else None


@contextmanager
def unreachable(host: str, doing: str) -> Iterator[None]:
    """Turn what the network did while ``doing`` something at ``host`` into KubernetesUnreachableError."""
    from kubernetes.client.exceptions import ApiException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except ApiException as error:
        # The package raises this only where TLS failed; its text may hold certificates.
        raise KubernetesUnreachableError(f"TLS with {host} failed while {doing}: check its certificate") from error
    except (HTTPError, OSError) as error:
        name = type(error).__name__
        raise KubernetesUnreachableError(f"{host} did not answer while {doing} ({name}): is it up?") from error
