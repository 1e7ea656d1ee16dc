"""Random but plausible Kubernetes objects, and their YAML text in styles chosen at random. Names, namespaces and labels come from small pools, so that
references meet their objects."""
import json


class Raw(str):
    """A scalar to be written as it stands."""


PLAIN = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./")
WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def plain_is_safe(text):
    if not text or not set(text) <= PLAIN or text.lower() in WORDS or text[0] in "-.0123456789":
        return False
    return True


def is_prose(text):
    """What may stand in a block scalar and is no name that something else knows."""
    return len(text.split()) > 1 and text[0] not in " \n\t" and text.replace("\n", "").isprintable()


class Writer:
    """YAML with styles chosen at random."""

    def __init__(self, rng, fancy=0.15):
        self.rng, self.fancy = rng, fancy

    def scalar(self, value, flow=False):
        if isinstance(value, Raw):
            return str(value)
        if value is None:
            return self.rng.choice(["null", "~", "null"])
        if value is True or value is False:
            return "true" if value else "false"
        if isinstance(value, (int, float)):
            return str(value)
        if plain_is_safe(value) and self.rng.random() > self.fancy:
            return value
        if self.rng.random() < 0.5 and "\n" not in value and value.isprintable():
            return "'" + value.replace("'", "''") + "'"
        return json.dumps(value, ensure_ascii=False)

    def flow(self, value):
        if isinstance(value, dict):
            return "{" + ", ".join(self.scalar(k, True) + ": " + self.flow_value(v) for k, v in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(self.flow(v) for v in value) + "]"
        return self.scalar(value, True) if value != Raw("") else "null"

    def flow_value(self, value):
        return "" if value is None and self.rng.random() < 0.3 else self.flow(value)

    def block(self, head, text, indent):
        """`text` as some block scalar, whatever that makes of its line breaks. None keeps them all (`|+`): where such a text ends a document and a comment
        follows, go-yaml puts an empty line in front of the comment when it writes them, and kustomize reads that as a line of the text."""
        yield head + " " + self.rng.choice(["|", "|-", ">", ">", ">-"])
        for line in text.rstrip("\n").split("\n") + [""] * self.rng.choice([0, 0, 0, 1, 2]):
            yield (" " * (indent + 2) + line) if line else ""

    def lines(self, value, indent):
        pad = " " * indent
        if isinstance(value, dict):
            for key, item in value.items():
                yield from self.entry(pad + self.scalar(key) + ":", item, indent)
        else:
            for item in value:
                yield from self.item(pad, item, indent)

    def entry(self, head, item, indent):
        if isinstance(item, str) and "\n" in item and item.endswith("\n") and not item.endswith("\n\n") and item[0] not in " \n" and self.rng.random() < 0.8:
            yield head + " |"
            for line in item[:-1].split("\n"):
                yield (" " * (indent + 2) + line) if line else ""
        elif isinstance(item, str) and not isinstance(item, Raw) and is_prose(item) and self.rng.random() < self.fancy * 2:
            yield from self.block(head, item, indent)
        elif not isinstance(item, (dict, list)) or not item or self.rng.random() < self.fancy * 0.4:
            yield (head + " " + self.flow(item)) if isinstance(item, (dict, list)) else (head + " " + self.scalar(item)).rstrip(" ") if item == Raw("") else head + " " + self.scalar(item)
        else:
            yield head
            deeper = indent + 2 if isinstance(item, dict) or self.rng.random() < 0.5 else indent
            yield from self.lines(item, deeper)

    def item(self, pad, item, indent):
        if isinstance(item, dict) and item:
            inner = list(self.lines(item, indent + 2))
            yield pad + "- " + inner[0][indent + 2:]
            yield from inner[1:]
        elif isinstance(item, list):
            yield pad + "- " + self.flow(item)
        else:
            yield pad + "- " + (self.flow(item) if isinstance(item, dict) else self.scalar(item))

    def document(self, value):
        text = "\n".join(self.lines(value, 0)) + "\n"
        if self.rng.random() < 0.1:
            text = "# made up\n" + text
        return text


# ---------------------------------------------------------------- objects

NAMES = ["web", "api", "db", "cache", "app"]
NAMESPACES = ["shop", "prod", "default"]
IMAGES = ["nginx:1.0", "nginx", "registry.io:5000/team/app:v1", "redis@sha256:aaaa", "registry.io/team/app:v2@sha256:bbbb", "busybox:1.28"]
ODD = ["true", "5", "1e3", "0x1F", "yes", "a b", "x: y", "# no", "", "multi\nline\n", "it's", "\"q\"", "null", "2001-01-01", "1.0", "ü", "<a&b>", "$(V)", "-", "a,b", " lead", "tab\there", "~", "0o7", ".5", "1:30", "=", "!x", "&a", "*a", "%p", "@a", "`a", "\u2028", "\U0001F600", "trail ", "a: ",
       "-1", "1_0", "0b1", ".inf", "NaN", "e: [", "{", "}", "[x]", "?", "'", "\\", "\x07", "\n", "x\n\n", "\nx", "word " * 20, "word-" * 20, "a\n  b\nc", "{\n  \"k\": 1\n}\n", "one two\nthree\n\n  four\nfive\n", "No", "2001-01-01T10:00:00Z", "x #y", "#x"]
RAWS = ["1.0", "0x1F", "0o17", "017", "1e3", "null", "~", "yes", "12345678901234567890", "1_000", "2001-01-01", "true", "''", '""', "on", "-7", "1.5", "0b101", "-0", "+5", ".5", "5.", "08", "!!str 5", "!!int '5'", "!!float 1", "!mine x", "2001-01-01T10:00:00Z", "2001-1-1", "Yes", "y", "TRUE", "Null", "-.5e+3", "0.10", "1e-7",
        "100000000000000000000000", "9007199254740993", "0o8", "12e03", "1__0", "0x", '"\\u00e9\\x41"', "'a''b'", "1.0e0", "123456789.125", "-1e21", "0.00001"]


class Objects:
    def __init__(self, rng):
        self.rng = rng

    def chance(self, p):
        return self.rng.random() < p

    def text(self):
        return self.rng.choice(ODD) if self.chance(0.35) else self.rng.choice(["v", "info", "prod", "a-b", "x.y"])

    def labels(self, *must):
        keys = self.rng.sample(["app", "tier", "env", "app.kubernetes.io/name", "team"], self.rng.randint(1, 3))
        out = {k: (Raw(self.rng.choice(['"5"', '"true"', "'x'"])) if self.chance(0.1) else self.rng.choice(["web", "a", "b", "dev"])) for k in keys}
        out.update(dict(must))
        return out

    def annotations(self):
        return {k: self.rng.choice([self.text(), Raw(self.rng.choice(RAWS))]) if self.chance(0.4) else "n"
                for k in self.rng.sample(["note", "owner", "a.b/c", "checksum"], self.rng.randint(1, 3))}

    def metadata(self, name, namespaced=True):
        out = {"name": name}
        if namespaced and self.chance(0.3):
            out["namespace"] = self.rng.choice(NAMESPACES)
        if self.chance(0.4):
            out["labels"] = self.labels()
        if self.chance(0.3):
            out["annotations"] = self.annotations()
        if self.chance(0.05):
            out["finalizers"] = ["a/b", "c/d"]
        return out

    def name(self):
        return self.rng.choice(NAMES)

    def env(self):
        out = []
        for key in self.rng.sample(["A", "B", "C", "D"], self.rng.randint(1, 3)):
            kind = self.rng.random()
            if kind < 0.5:
                out.append({"name": key, "value": self.text() if self.chance(0.8) else Raw(self.rng.choice(RAWS))})
            elif kind < 0.75:
                out.append({"name": key, "valueFrom": {"configMapKeyRef": {"name": self.name(), "key": "k"}}})
            else:
                out.append({"name": key, "valueFrom": {"secretKeyRef": {"name": self.name(), "key": "k"}}})
        return out

    def port(self):
        out = {"containerPort": self.rng.choice([80, 443, 8080])}
        if self.chance(0.4):
            out["protocol"] = self.rng.choice(["TCP", "UDP"])
        if self.chance(0.4):
            out["name"] = self.rng.choice(["http", "metrics"])
        return out

    def container(self, name):
        out = {"name": name, "image": self.rng.choice(IMAGES)}
        if self.chance(0.4):
            out["env"] = self.env()
        if self.chance(0.4):
            out["ports"] = [self.port() for _ in range(self.rng.randint(1, 3))]
        if self.chance(0.3):
            out["args"] = [self.text() for _ in range(self.rng.randint(1, 3))]
        if self.chance(0.2):
            out["command"] = ["run", "$(V)"]
        if self.chance(0.2):
            out["envFrom"] = [{self.rng.choice(["configMapRef", "secretRef"]): {"name": self.name()}}]
        if self.chance(0.3):
            out["volumeMounts"] = [{"name": v, "mountPath": "/" + v} for v in self.rng.sample(["data", "conf", "tmp"], self.rng.randint(1, 2))]
        if self.chance(0.3):
            out["resources"] = {"limits": {"cpu": self.rng.choice(["100m", 1, Raw("0.5")]), "memory": "64Mi"}}
        return out

    def volume(self, name):
        kind = self.rng.random()
        if kind < 0.3:
            return {"name": name, "emptyDir": {}}
        if kind < 0.55:
            return {"name": name, "configMap": {"name": self.name()}}
        if kind < 0.75:
            return {"name": name, "secret": {"secretName": self.name()}}
        if kind < 0.9:
            return {"name": name, "persistentVolumeClaim": {"claimName": self.name()}}
        return {"name": name, "projected": {"sources": [{"configMap": {"name": self.name()}}, {"secret": {"name": self.name()}}]}}

    def pod_spec(self):
        out = {"containers": [self.container(n) for n in self.rng.sample(["main", "side", "proxy"], self.rng.randint(1, 3))]}
        if self.chance(0.25):
            out["initContainers"] = [self.container("init")]
        if self.chance(0.4):
            out["volumes"] = [self.volume(v) for v in self.rng.sample(["data", "conf", "tmp"], self.rng.randint(1, 3))]
        if self.chance(0.3):
            out["serviceAccountName"] = self.name()
        if self.chance(0.15):
            out["imagePullSecrets"] = [{"name": self.name()}]
        if self.chance(0.15):
            out["tolerations"] = [{"key": "k", "operator": "Exists"}]
        if self.chance(0.1):
            out["affinity"] = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [{"labelSelector": {"matchLabels": self.labels()}, "topologyKey": "zone"}]}}
        if self.chance(0.1):
            out["topologySpreadConstraints"] = [{"topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "maxSkew": 1, "labelSelector": {"matchLabels": self.labels()}}]
        if self.chance(0.1):
            out["priorityClassName"] = self.name()
        return out

    def template(self):
        out = {"spec": self.pod_spec()}
        if self.chance(0.8):
            out["metadata"] = {"labels": self.labels()}
            if self.chance(0.2):
                out["metadata"]["annotations"] = self.annotations()
        return out

    def workload(self, kind, name):
        spec = {"template": self.template()}
        if kind != "Job" and self.chance(0.9):
            spec["selector"] = {"matchLabels": self.labels()}
        if kind in ("Deployment", "StatefulSet", "ReplicaSet") and self.chance(0.5):
            spec["replicas"] = self.rng.choice([1, 2, Raw('"3"')]) if self.chance(0.2) else 1
        if kind == "StatefulSet":
            spec["serviceName"] = self.name()
            if self.chance(0.4):
                spec["volumeClaimTemplates"] = [{"metadata": {"name": "data"}, "spec": {"storageClassName": self.name(), "accessModes": ["ReadWriteOnce"]}}]
        group = "batch/v1" if kind == "Job" else self.rng.choice(["apps/v1"] * 9 + ["extensions/v1beta1"])
        return {"apiVersion": group, "kind": kind, "metadata": self.metadata(name), "spec": spec}

    def service(self, name):
        ports = []
        for port in self.rng.sample([80, 443, 9090], self.rng.randint(1, 2)):
            one = {"port": port}
            if self.chance(0.5):
                one["name"] = "p%d" % port
            if self.chance(0.4):
                one["protocol"] = self.rng.choice(["TCP", "UDP"])
            if self.chance(0.5):
                one["targetPort"] = self.rng.choice(["http", 8080])
            ports.append(one)
        return {"apiVersion": "v1", "kind": "Service", "metadata": self.metadata(name), "spec": {"ports": ports, "selector": self.labels()}}

    def config_map(self, name):
        data = {k: self.text() for k in self.rng.sample(["a", "b", "c.txt"], self.rng.randint(1, 3))}
        if self.chance(0.3):
            data["conf.yaml"] = self.rng.choice(["server:\n  host: old\n  port: 80\nlist:\n- a\n- b\n", "# top\nserver: # s\n  # h\n  host: old # x\n\n  port: 80\n\n# end\nlist:\n  - a\n  - b\n",
                                                 "server: {host: 'old', port: 80}\nlist: [a, b]\n", "list:\n- a\nserver:\n    port: 80\n    host: \"old\"\n    text: |\n        lines\n"])
        if self.chance(0.3):
            data["conf.json"] = self.rng.choice(['{"host": "old", "port": 80, "on": true}', '{\n  "host": "old",\n  "deep": {"x": [1, 2]}\n}'])
        return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": self.metadata(name), "data": data}

    def secret(self, name):
        out = {"apiVersion": "v1", "kind": "Secret", "metadata": self.metadata(name), "type": "Opaque", "data": {"k": "YQ=="}}
        if self.chance(0.4):
            out["stringData"] = {"s": self.text()}
        return out

    def ingress(self, name):
        new = self.chance(0.7)
        backend = {"service": {"name": self.name(), "port": {"number": 80}}} if new else {"serviceName": self.name(), "servicePort": 80}
        out = {"apiVersion": "networking.k8s.io/v1" if new else "extensions/v1beta1", "kind": "Ingress", "metadata": self.metadata(name),
               "spec": {"rules": [{"host": "h.io", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]}}
        if self.chance(0.4):
            out["spec"]["tls"] = [{"hosts": ["h.io"], "secretName": self.name()}]
        if self.chance(0.3):
            out["spec"]["ingressClassName"] = self.name()
        return out

    def binding(self, name):
        cluster = self.chance(0.4)
        subjects = [{"kind": "ServiceAccount", "name": self.rng.choice(NAMES + ["default"]), **({"namespace": self.rng.choice(NAMESPACES)} if self.chance(0.5) else {})}
                    for _ in range(self.rng.randint(1, 2))]
        return {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRoleBinding" if cluster else "RoleBinding", "metadata": self.metadata(name, not cluster),
                "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": self.rng.choice(["ClusterRole"] if cluster else ["ClusterRole", "Role"]), "name": self.name()},
                "subjects": subjects}

    def other(self, kind, name):
        rng = self.rng
        simple = {
            "ServiceAccount": lambda: {"apiVersion": "v1", "metadata": self.metadata(name), **({"imagePullSecrets": [{"name": self.name()}]} if self.chance(0.3) else {})},
            "Role": lambda: {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": self.metadata(name), "rules": [{"apiGroups": [""], "resources": ["secrets"], "resourceNames": [self.name()], "verbs": ["get"]}]},
            "ClusterRole": lambda: {"apiVersion": "rbac.authorization.k8s.io/v1", "metadata": self.metadata(name, False), "rules": [{"apiGroups": [""], "resources": ["configmaps"], "resourceNames": [self.name()], "verbs": ["get"]}]},
            "HorizontalPodAutoscaler": lambda: {"apiVersion": rng.choice(["autoscaling/v2", "autoscaling/v1"]), "metadata": self.metadata(name),
                                                "spec": {"scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": self.name()}, "maxReplicas": 3}},
            "PodDisruptionBudget": lambda: {"apiVersion": "policy/v1", "metadata": self.metadata(name), "spec": {"minAvailable": rng.choice([1, "50%"]), "selector": {"matchLabels": self.labels()}}},
            "NetworkPolicy": lambda: {"apiVersion": "networking.k8s.io/v1", "metadata": self.metadata(name),
                                      "spec": {"podSelector": {"matchLabels": self.labels()}, "ingress": [{"from": [{"podSelector": {"matchLabels": self.labels()}}]}]}},
            "PersistentVolumeClaim": lambda: {"apiVersion": "v1", "metadata": self.metadata(name), "spec": {"storageClassName": self.name(), "volumeName": self.name()}},
            "PersistentVolume": lambda: {"apiVersion": "v1", "metadata": self.metadata(name, False), "spec": {"storageClassName": self.name()}},
            "StorageClass": lambda: {"apiVersion": "storage.k8s.io/v1", "metadata": self.metadata(name, False), "provisioner": "x"},
            "PriorityClass": lambda: {"apiVersion": "scheduling.k8s.io/v1", "metadata": self.metadata(name, False), "value": 10},
            "Namespace": lambda: {"apiVersion": "v1", "metadata": self.metadata(rng.choice(NAMESPACES + [name]), False)},
            "Widget": lambda: {"apiVersion": "example.com/v1", "metadata": self.metadata(name), "spec": {"size": rng.choice([1, "big", Raw("1.0")]), "parts": [{"name": "p", "value": self.text()}, {"name": "q"}], "ref": {"name": self.name()},
                                                                                                         **({"template": self.template()} if self.chance(0.3) else {})}},
            "CustomResourceDefinition": lambda: {"apiVersion": "apiextensions.k8s.io/v1", "metadata": self.metadata(name + "s.example.com", False),
                                                 "spec": {"group": "example.com", "conversion": {"webhook": {"clientConfig": {"service": {"name": self.name(), "namespace": "x"}}}}}},
            "ValidatingWebhookConfiguration": lambda: {"apiVersion": "admissionregistration.k8s.io/v1", "metadata": self.metadata(name, False),
                                                       "webhooks": [{"name": "a.b.c", "clientConfig": {"service": {"name": self.name(), "namespace": rng.choice(NAMESPACES)}}}]},
            "APIService": lambda: {"apiVersion": "apiregistration.k8s.io/v1", "metadata": self.metadata(name, False), "spec": {"service": {"name": self.name(), "namespace": "x"}}},
            "Pod": lambda: {"apiVersion": "v1", "metadata": self.metadata(name), "spec": self.pod_spec()},
        }
        out = simple[kind]()
        return {"apiVersion": out.pop("apiVersion"), "kind": kind, **out}

    KINDS = (["Deployment"] * 6 + ["StatefulSet"] * 2 + ["DaemonSet", "Job", "CronJob", "ReplicaSet"] + ["Service"] * 4 + ["ConfigMap"] * 4 + ["Secret"] * 3 + ["Ingress"] * 2 + ["Binding"] * 2 +
             ["ServiceAccount"] * 2 + ["Role", "ClusterRole", "HorizontalPodAutoscaler", "PodDisruptionBudget", "NetworkPolicy", "PersistentVolumeClaim", "PersistentVolume", "StorageClass",
                                       "PriorityClass", "Namespace", "Widget", "Widget", "CustomResourceDefinition", "ValidatingWebhookConfiguration", "APIService", "Pod"])

    def any(self):
        kind = self.rng.choice(self.KINDS)
        name = self.name()
        if kind in ("Deployment", "StatefulSet", "DaemonSet", "Job", "ReplicaSet"):
            return self.workload(kind, name)
        if kind == "CronJob":
            job = self.workload("Job", name)
            return {"apiVersion": self.rng.choice(["batch/v1", "batch/v1beta1"]), "kind": kind, "metadata": job["metadata"], "spec": {"schedule": "* * * * *", "jobTemplate": {"spec": job["spec"]}}}
        maker = {"Service": self.service, "ConfigMap": self.config_map, "Secret": self.secret, "Ingress": self.ingress, "Binding": self.binding}.get(kind)
        return maker(name) if maker else self.other(kind, name)
