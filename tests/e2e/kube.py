"""The API server as the end-to-end suites see it: objects by kind and name, over one kept connection a thread, as the admin."""

import http.client
import json
import os
import re
import ssl
import sys
import threading
import time
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cluster"))

from api import ApiError  # noqa: E402

# The kinds that suites name without their group; others are written `group/version/Kind`.
_API_VERSIONS = {
    **dict.fromkeys(("ConfigMap", "Secret", "Service", "ServiceAccount", "Namespace", "Pod", "Node", "Event",
                     "PersistentVolumeClaim"), "v1"),
    **dict.fromkeys(("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"), "apps/v1"),
    **dict.fromkeys(("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"), "rbac.authorization.k8s.io/v1"),
    "Job": "batch/v1", "Ingress": "networking.k8s.io/v1", "Lease": "coordination.k8s.io/v1",
    "HorizontalPodAutoscaler": "autoscaling/v2",
    "CustomResourceDefinition": "apiextensions.k8s.io/v1",
    **dict.fromkeys(("GitRepository", "OCIRepository", "Bucket", "HelmRepository", "HelmChart"), "source.toolkit.fluxcd.io/v1"),
    "Kustomization": "kustomize.toolkit.fluxcd.io/v1",
}
_WRITES = {"POST", "PUT", "PATCH", "DELETE", "APPLY"}


def api_version_and_kind(kind):
    """('apps/v1', 'Deployment') of `Deployment` or `apps/v1/Deployment`."""
    api_version, _, name = kind.rpartition("/")
    return api_version or _API_VERSIONS[name], name


class Kube:
    """Requests to the API server of a cluster's `state` (tests/cluster)."""

    def __init__(self, state, timeout=20.0):
        self._address = urllib.parse.urlsplit(state["server"])
        self._timeout = timeout
        pki = os.path.join(state["dir"], "pki")
        self._tls = ssl.create_default_context(cafile=f"{pki}/ca.crt")
        self._tls.load_cert_chain(f"{pki}/admin.crt", f"{pki}/admin.key")
        self._connections = threading.local()
        self._resources = {}

    # --- requests

    def connect(self, timeout=None):
        return http.client.HTTPSConnection(self._address.hostname, self._address.port, timeout=timeout or self._timeout,
                                           context=self._tls)

    def request(self, method, path, body=None, content_type="application/json"):
        """The parsed answer (text where it is not JSON). Raises ApiError. A read on a connection that went away is tried again, and whatever the server
        puts off (429), as it does for a moment with kinds that it has just learnt."""
        tries, patience = 2 if method == "GET" else 1, time.monotonic() + 30
        while True:
            tries -= 1
            connection = self._kept() or self.connect()
            self._connections.kept, self._connections.used = connection, time.monotonic()
            try:
                connection.request(method, path, json.dumps(body) if body is not None else None, {"Content-Type": content_type})
                response = connection.getresponse()
                text = response.read().decode()
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                self._connections.kept = None
                if not tries:
                    raise ApiError(0, f"{method} {path}: {error}") from error
                continue
            if response.status != 429 or time.monotonic() > patience:
                break
            tries += 1
            time.sleep(0.5)
        if response.status >= 400:
            raise ApiError(response.status, f"{method} {path}: {response.status} {text[:1000]}")
        return json.loads(text) if "json" in response.headers.get("Content-Type", "") else text

    def _kept(self):
        """This thread's connection, unless it was idle for so long that the server may close it under a write."""
        kept = getattr(self._connections, "kept", None)
        if kept is not None and time.monotonic() - self._connections.used > 30:
            kept.close()
            return None
        return kept

    def path(self, kind, ns=None, name=None):
        """The path of an object or, without a name, of a list (of all namespaces, without a namespace)."""
        api_version, plural = self._resource(kind)
        top = f"/api/{api_version}" if "/" not in api_version else f"/apis/{api_version}"
        return top + (f"/namespaces/{ns}" if ns else "") + f"/{plural}" + (f"/{name}" if name else "")

    def _resource(self, kind):
        api_version, name = api_version_and_kind(kind)
        if (api_version, name) not in self._resources:
            top = f"/api/{api_version}" if "/" not in api_version else f"/apis/{api_version}"
            for resource in self.request("GET", top)["resources"]:
                if "/" not in resource["name"]:
                    self._resources[api_version, resource["kind"]] = resource["name"]
        if (api_version, name) not in self._resources:
            raise ApiError(404, f"no kind {name} in {api_version}")
        return api_version, self._resources[api_version, name]

    # --- objects

    def get(self, kind, name, ns=None):
        """The object, or None."""
        try:
            return self.request("GET", self.path(kind, ns, name))
        except ApiError as error:
            if error.code == 404:
                return None
            raise

    def list(self, kind, ns=None, labels=None):
        query = "?labelSelector=" + urllib.parse.quote(labels) if labels else ""
        items = self.request("GET", self.path(kind, ns) + query)["items"]
        api_version, name = api_version_and_kind(kind)
        return [{"apiVersion": api_version, "kind": name} | item for item in items]

    def create(self, body):
        return self.request("POST", self._path_of(body, named=False), body)

    def apply(self, body, manager="e2e"):
        """Server-side apply, by force."""
        query = f"?fieldManager={manager}&force=true"
        return self.request("PATCH", self._path_of(body) + query, body, "application/apply-patch+yaml")

    def patch(self, kind, name, ns, body, subresource="", manager="e2e"):
        """A JSON merge patch, or a JSON patch where `body` is a list."""
        path = self.path(kind, ns, name) + (f"/{subresource}" if subresource else "") + f"?fieldManager={manager}"
        content_type = "application/json-patch+json" if isinstance(body, list) else "application/merge-patch+json"
        return self.request("PATCH", path, body, content_type)

    def may(self, user, groups=(), **attributes):
        """Whether the server, as it is now, would let `user` do this (verb, group, resource, namespace); a binding takes effect a moment after it is written."""
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
                  "spec": {"user": user, "groups": list(groups), "resourceAttributes": attributes}}
        return self.request("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", review)["status"]["allowed"]

    def delete(self, kind, name, ns=None):
        """Deletes in the background; whether it was there."""
        try:
            self.request("DELETE", self.path(kind, ns, name) + "?propagationPolicy=Background")
            return True
        except ApiError as error:
            if error.code == 404:
                return False
            raise

    def _path_of(self, body, named=True):
        kind = f"{body['apiVersion']}/{body['kind']}"
        return self.path(kind, body["metadata"].get("namespace"), body["metadata"]["name"] if named else None)

    # --- what the server counted

    def requests_served(self):
        """{(verb, resource): requests} since the server started; verbs in capitals, APPLY and PATCH apart, watches as WATCH."""
        counts = {}
        for line in self.request("GET", "/metrics").splitlines():
            if not line.startswith("apiserver_request_total{"):
                continue
            labels = dict(re.findall(r'(\w+)="([^"]*)"', line))
            key = labels["verb"], labels["resource"]
            counts[key] = counts.get(key, 0) + int(float(line.rsplit(" ", 1)[1]))
        return counts


# Written by the cluster's own parts at their leisure, or asked by the server of itself.
_OF_OTHERS = {"leases", "nodes", "tokenreviews", "subjectaccessreviews", "endpoints", "endpointslices", "apiservices", "flowschemas",
              "prioritylevelconfigurations", "ipaddresses"}


def writes_between(before, after):
    """What was written from one `requests_served` to another, without what the cluster's own parts write: {(verb, resource): count}."""
    grown = {key: count - before.get(key, 0) for key, count in after.items()}
    return {key: count for key, count in grown.items() if count and key[0] in _WRITES and key[1] not in _OF_OTHERS}


class Recorder:
    """Follows all objects of a kind and keeps every state they were in, in order, until `close`."""

    def __init__(self, kube, kind, ns=None):
        self.seen = []
        listed = kube.request("GET", kube.path(kind, ns))
        self._connection = kube.connect(timeout=600)
        path = f"{kube.path(kind, ns)}?watch=1&resourceVersion={listed['metadata']['resourceVersion']}"
        self._connection.request("GET", path)
        self._response = self._connection.getresponse()
        self._socket = self._connection.sock
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def _follow(self):
        try:
            for line in self._response:
                event = json.loads(line)
                self.seen.append((event["type"], event["object"]))
        except (OSError, ValueError, AttributeError, http.client.HTTPException):
            pass  # closed

    def first(self, condition):
        """The place in the order of the first state for which `condition(type, object)` holds; None if there is none."""
        return next((index for index, event in enumerate(list(self.seen)) if condition(*event)), None)

    def close(self):
        try:
            self._socket.shutdown(2)
        except OSError:
            pass
        self._thread.join(5)
        self._connection.close()
