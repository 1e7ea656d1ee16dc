"""Random but plausible kustomization trees: Tree(rng).make() fills `files` (path -> text) and returns the directory to build. Most trees are
careful (what is patched or replaced exists), some are not, and must be refused by both engines."""
import json

from random_objects import NAMESPACES, RAWS, Objects, Raw, Writer


def paths_of(value, prefix=()):
    """Every (path, value) of a tree; the path holds keys and indexes."""
    yield prefix, value
    if isinstance(value, dict):
        for key, item in value.items():
            yield from paths_of(item, prefix + (key,))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from paths_of(item, prefix + (index,))


def pointer(path):
    return "".join("/" + str(p).replace("~", "~0").replace("/", "~1") for p in path)


class Patches:
    def __init__(self, rng, objects):
        self.rng, self.objects = rng, objects
        self.careful = False

    def leaf(self):
        return self.rng.choice([lambda: self.objects.text(), lambda: self.rng.randint(0, 9), lambda: Raw(self.rng.choice(RAWS)), lambda: True, lambda: None])()

    def mutate(self, value, depth=0):
        """A part of `value`, changed: what a strategic merge patch over it may be."""
        rng = self.rng
        if isinstance(value, dict):
            out = {}
            for key, item in value.items():
                dice = rng.random()
                if key in ("name", "containerPort", "port", "mountPath", "topologyKey") and dice < 0.9:
                    out[key] = item
                elif dice < 0.4:
                    out[key] = self.mutate(item, depth + 1)
                elif dice < 0.44:
                    out[key] = None
            if rng.random() < 0.15:
                out[rng.choice(["extra", "note", "image", "protocol", "value"])] = self.leaf()
            if rng.random() < 0.04 and depth > 0:
                out["$patch"] = rng.choice(["delete", "replace", "merge"])
            return out
        if isinstance(value, list):
            out = [self.mutate(v, depth + 1) for v in value if rng.random() < 0.7]
            if rng.random() < 0.25 and value and isinstance(value[0], dict):
                new = json.loads(json.dumps(value[0]))
                if "name" in new:
                    new["name"] = rng.choice(["added", "main", "A"])
                out.insert(rng.randint(0, len(out)), new)
            if rng.random() < 0.06 and value and isinstance(value[0], dict):
                out.append({"$patch": rng.choice(["replace", "delete"]), **({"name": value[0]["name"]} if "name" in value[0] and rng.random() < 0.6 else {})})
            if rng.random() < 0.1:
                rng.shuffle(out)
            return out
        return value if rng.random() < 0.4 else self.leaf()

    def strategic(self, target):
        body = self.mutate({k: v for k, v in target.items() if k not in ("apiVersion", "kind", "metadata")})
        body.pop("$patch", None)
        metadata = {"name": target["metadata"]["name"]}
        if "namespace" in target["metadata"] and self.rng.random() < 0.9:
            metadata["namespace"] = target["metadata"]["namespace"]
        for field in ("labels", "annotations"):
            if self.rng.random() < 0.25:
                metadata[field] = {self.rng.choice(["app", "env", "note", "new"]): self.rng.choice([self.objects.text(), None, "z"])}
        out = {"apiVersion": target["apiVersion"], "kind": target["kind"], "metadata": metadata, **body}
        if self.rng.random() < 0.03:
            out["$patch"] = "delete"
        return out

    def json_patch(self, target):
        rng, operations = self.rng, []
        places = [(p, v) for p, v in paths_of(target) if p and p[0] not in ("apiVersion", "kind") and p != ("metadata",)]
        used = set()
        for _ in range(rng.randint(1, 3)):
            path, value = rng.choice(places)
            if self.careful and (path[:2] in used or path[:2] == ("metadata", "name")):
                continue
            used.add(path[:2])
            op = rng.choice(["add", "replace", "replace", "remove", "add", "test", "copy", "move"])
            if op == "test" and any(isinstance(v, Raw) or v != v for _, v in paths_of(value)):
                op = "replace"
            if path == ("metadata", "name") and op in ("remove", "move"):
                op = "replace"
            one = {"op": op, "path": pointer(path)}
            if op == "add":
                dice = rng.random()
                if isinstance(value, list) and dice < 0.7:
                    one["path"] += rng.choice(["/-", "/0", "/-1"])
                    one["value"] = json.loads(json.dumps(value[0], default=str)) if value else "x"
                elif isinstance(value, dict):
                    one["path"] += "/" + rng.choice(["added", "x~1y"])
                    one["value"] = self.leaf()
                else:
                    one["value"] = self.leaf()
            elif op == "replace":
                one["value"] = "renamed" if path == ("metadata", "name") else self.leaf() if not isinstance(value, (dict, list)) or rng.random() < 0.2 else value
            elif op == "test":
                one["value"] = value
            elif op in ("copy", "move"):
                one["from"] = pointer(path)
                one["path"] = pointer(path[:-1]) + "/" + ("-" if isinstance(path[-1], int) else "moved")
            operations.append(one)
        return operations

    def target(self, target):
        rng = self.rng
        out = {}
        if rng.random() < 0.8:
            out["kind"] = target["kind"] if rng.random() < 0.8 else "Deploy.*|Stateful.*"
        if rng.random() < 0.6:
            out["name"] = rng.choice([target["metadata"]["name"], ".*", "[wa].*"])
        if rng.random() < 0.1:
            out["namespace"] = rng.choice(NAMESPACES)
        if rng.random() < 0.15:
            out["labelSelector"] = rng.choice(["app=web", "env in (dev,a)", "!tier", "app", "app!=a"])
        if rng.random() < 0.05:
            out["annotationSelector"] = rng.choice(["note", "owner=n"])
        return out or {"kind": target["kind"]}


# ---------------------------------------------------------------- kustomizations


class Tree:
    def __init__(self, rng):
        self.rng = rng
        self.objects = Objects(rng)
        self.patches = Patches(rng, self.objects)
        self.files = {}
        self.writer = Writer(rng)
        self.careful = self.patches.careful = self.chance(0.75)
        self.touched = set()
        self.taken = set()

    def chance(self, p):
        return self.rng.random() < p

    def pick(self, pool, take=True):
        """An object to be changed. In a careful tree each is changed once, so that what is said of it still holds."""
        if not self.careful:
            return self.rng.choice(pool) if pool else None
        free = [o for o in pool if id(o) not in self.touched]
        if not free:
            return None
        out = self.rng.choice(free)
        if take:
            self.touched.add(id(out))
        return out

    def put(self, path, value):
        self.files[path] = value if isinstance(value, str) else self.writer.document(value)

    def fresh_objects(self, count):
        out, seen = [], set()
        for _ in range(count):
            one = self.objects.any()
            key = (one["apiVersion"], one["kind"], one["metadata"]["name"], one["metadata"].get("namespace", "default"))
            if self.careful:
                key = (one["kind"], one["metadata"]["name"])
                seen = self.taken
            if key not in seen or not self.careful and self.chance(0.02):
                seen.add(key)
                out.append(one)
        return out

    def with_anchors(self, text):
        """The same objects with an anchor somewhere that is used again."""
        lines = text.split("\n")
        for i, line in enumerate(lines):
            if line == "metadata:" and i + 1 < len(lines) and lines[i + 1].startswith("  name: "):
                lines[i + 1] = lines[i + 1].replace("name: ", "name: &n ", 1)
                lines.insert(i + 2, "  generateName: *n")
                break
        return "\n".join(lines)

    def as_list(self, objects):
        return self.writer.document({"apiVersion": "v1", "kind": "List", "items": objects})

    def write_objects(self, folder, objects):
        names = []
        while objects:
            part, objects = objects[:self.rng.randint(1, 4)], objects[4:] if False else objects[1:]
            part = part[:1] if objects else part
            name = "r%d.yaml" % len(names)
            text = "---\n".join(self.writer.document(one) for one in part)
            if self.chance(0.04):
                text = self.as_list(part)
            elif self.chance(0.06):
                text = self.with_anchors(text)
            elif self.chance(0.04):
                text = text.replace("\n", "\r\n")
            self.put(folder + "/" + name, text)
            names.append(name)
        return names

    def kustomization(self, folder, pool, resources, component=False, root=False):
        """Writes a kustomization over `resources`; `pool` are the objects it may talk about. Returns what it adds to the pool."""
        rng, k = self.rng, {}
        if component:
            k = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}
        added = []
        if resources or not component:
            k["resources"] = resources
        fields = [(0.35, self.prefix), (0.3, self.namespace), (0.35, self.labels), (0.15, self.common_labels), (0.2, self.common_annotations), (0.6, self.add_patches), (0.1, self.old_patches),
                  (0.35, self.images), (0.2, self.replicas), (0.4, self.generators), (0.3, self.replacements), (0.12, self.vars), (0.1, self.configurations), (0.1, self.plugins), (0.06, self.generator_plugins), (0.04, self.openapi), (0.04, self.crds)]
        for probability, field in fields:
            if self.chance(probability):
                field(k, folder, pool, added)
        if root and self.chance(0.15):
            k["sortOptions"] = rng.choice([{"order": "fifo"}, {"order": "legacy"}, {"order": "legacy", "legacySortOptions": {"orderFirst": ["Deployment"], "orderLast": ["Service", "Namespace"]}}])
        if root and self.chance(0.06):
            k["buildMetadata"] = rng.sample(["originAnnotations", "transformerAnnotations"], 1)
        items = list(k.items())
        rng.shuffle(items)
        self.put(folder + "/kustomization.yaml", dict(items))
        return added

    # Each takes (kustomization, folder, pool, added).
    def prefix(self, k, *_):
        if self.chance(0.7):
            k["namePrefix"] = self.rng.choice(["p-", "dev-", "x"])
        if self.chance(0.4):
            k["nameSuffix"] = self.rng.choice(["-s", "-v2"])

    def namespace(self, k, *_):
        k["namespace"] = self.rng.choice(NAMESPACES + ["other"])

    def pairs(self):
        return {key: self.rng.choice(["one", "two", "5", "true"]) for key in self.rng.sample(["app", "env", "team", "note"], self.rng.randint(1, 2))}

    def labels(self, k, *_):
        out = []
        for _ in range(self.rng.randint(1, 2)):
            one = {"pairs": self.pairs()}
            for flag in ("includeSelectors", "includeTemplates", "includeVolumeClaimTemplates"):
                if self.chance(0.35):
                    one[flag] = self.chance(0.8)
            if self.chance(0.1):
                one["fields"] = [{"path": "spec/extra/labels", "kind": "Widget", "create": True}]
            out.append(one)
        k["labels"] = out

    def common_labels(self, k, *_):
        k["commonLabels"] = self.pairs()

    def common_annotations(self, k, *_):
        k["commonAnnotations"] = self.pairs()

    def patch_text(self, body):
        if isinstance(body, list):
            return json.dumps(body, default=str) if self.chance(0.3) else "\n".join(self.writer.lines(body, 0)) + "\n"
        return self.writer.document(body)

    def add_patches(self, k, folder, pool, added):
        out = []
        for _ in range(self.rng.randint(1, 3)):
            target = self.pick(pool)
            if target is None:
                break
            entry = {}
            if self.chance(0.35):
                text = self.patch_text(self.patches.json_patch(target))
                entry["target"] = self.patches.target(target)
                if self.careful:
                    entry["target"].update({"kind": target["kind"], "name": target["metadata"]["name"]})
            else:
                text = self.patch_text(self.patches.strategic(target))
                other = self.pick(pool) if self.chance(0.08) else None
                if other is not None and other is not target:
                    text += "---\n" + self.patch_text(self.patches.strategic(other))
                elif self.chance(0.3):
                    entry["target"] = self.patches.target(target)
                    if self.careful:
                        entry["target"]["name"] = target["metadata"]["name"]
                if self.chance(0.05):
                    entry["options"] = {self.rng.choice(["allowNameChange", "allowKindChange"]): True}
            if self.chance(0.4):
                name = "patch%d.yaml" % len(out)
                self.put(folder + "/" + name, text)
                entry["path"] = name
            else:
                entry["patch"] = text
            out.append(entry)
        if out:
            k["patches"] = out

    def old_patches(self, k, folder, pool, added):
        target = self.pick(pool)
        if target is None:
            return
        if self.chance(0.6):
            k["patchesStrategicMerge"] = [self.patch_text(self.patches.strategic(target))]
        else:
            gvk = target["apiVersion"].split("/")
            k["patchesJson6902"] = [{"target": {**({"group": gvk[0]} if len(gvk) > 1 else {}), "version": gvk[-1], "kind": target["kind"], "name": target["metadata"]["name"]},
                                     "patch": self.patch_text(self.patches.json_patch(target))}]

    def images(self, k, *_):
        out = []
        for _ in range(self.rng.randint(1, 2)):
            one = {"name": self.rng.choice(["nginx", "redis", "registry.io:5000/team/app", "registry.io/team/app", "busybox"])}
            for field, values in (("newName", ["my/nginx", "redis"]), ("newTag", ["v9", "1.2"]), ("digest", ["sha256:cccc"]), ("tagSuffix", ["-x"])):
                if self.chance(0.35):
                    one[field] = self.rng.choice(values)
            out.append(one)
        k["images"] = out

    def replicas(self, k, folder, pool, added):
        names = [o["metadata"]["name"] for o in pool if o["kind"] in ("Deployment", "StatefulSet", "ReplicaSet")]
        if names:
            k["replicas"] = [{"name": self.rng.choice(names), "count": self.rng.randint(0, 9)}]

    def generator(self, folder, kind):
        name = self.objects.name()
        one = {"name": name}
        if self.chance(0.8):
            one["literals"] = ["%s=%s" % (key, self.rng.choice(["v", "'q'", "a=b", "", "5", "long " * 20, "<&>", "ü"])) for key in self.rng.sample(["k", "l", "m"], self.rng.randint(1, 2))]
        if self.chance(0.3):
            self.put(folder + "/file.txt", self.rng.choice(["text\n", "no newline", "a\n\nb\n", "tab\there\n", "trailing \n", "{\"a\": 1}\n"]))
            one["files"] = [self.rng.choice(["file.txt", "key=file.txt"])]
        if self.chance(0.2):
            self.put(folder + "/vars.env", "E=1\n# c\n  F = x \nG\n")
            one["envs"] = ["vars.env"]
        if self.chance(0.15):
            one["namespace"] = self.rng.choice(NAMESPACES)
        if self.chance(0.2):
            one["options"] = self.rng.choice([{"disableNameSuffixHash": True}, {"labels": {"gen": "l"}}, {"annotations": {"note": "5"}, "immutable": True}])
        if kind == "secret" and self.chance(0.2):
            one["type"] = "kubernetes.io/tls"
        return one

    def generators(self, k, folder, pool, added):
        for kind, field in (("configMap", "configMapGenerator"), ("secret", "secretGenerator")):
            if not self.chance(0.6):
                continue
            out = []
            for _ in range(self.rng.randint(1, 2)):
                one = self.generator(folder, kind)
                made = {"apiVersion": "v1", "kind": "ConfigMap" if kind == "configMap" else "Secret", "metadata": {"name": one["name"]}, "data": {"k": "v"}}
                there = [o for o in pool + added if o["kind"] == made["kind"] and o["metadata"]["name"] == one["name"]]
                if self.careful and len(there) > 1:
                    continue
                if there and (self.careful or self.chance(0.9)):
                    self.touched.add(id(there[0]))
                    one["behavior"] = self.rng.choice(["merge", "replace"])
                    if "namespace" in there[0]["metadata"]:
                        one["namespace"] = there[0]["metadata"]["namespace"]
                elif "namespace" in one:
                    made["metadata"]["namespace"] = one["namespace"]
                if made["metadata"]["name"] in [o["name"] for o in out]:
                    continue
                out.append(one)
                added.append(made)
            if out:
                k[field] = out
        if self.chance(0.15):
            k["generatorOptions"] = self.rng.choice([{"disableNameSuffixHash": True}, {"labels": {"g": "x"}}, {"annotations": {"g": "x"}}])

    def field_path(self, target):
        paths = [p for p, v in paths_of(target) if p and p[0] not in ("apiVersion", "kind") and not isinstance(v, (dict, list))]
        if self.careful:
            paths = [p for p in paths if p[:2] != ("metadata", "name") and not isinstance(dict(paths_of(target))[p], (Raw, int))]
        elif self.chance(0.1):
            paths = [p for p, _ in paths_of(target) if p and p[0] not in ("apiVersion", "kind")]
        path = self.rng.choice(paths or [("metadata", "name")])
        out, value = [], target
        for part in path:
            if isinstance(part, int):
                item = value[part]
                named = isinstance(item, dict) and isinstance(item.get("name"), str) and self.chance(0.7)
                out.append("[name=%s]" % item["name"] if named else "*" if self.chance(0.2) else str(part))
            else:
                out.append("[" + part + "]" if "." in part and self.chance(0.3) else part.replace(".", "\\."))
            value = value[part]
        return ".".join(out)

    def replacements(self, k, folder, pool, added):
        out = []
        for _ in range(self.rng.randint(1, 2)):
            if not pool:
                return
            source, target = self.pick(pool, take=False), self.pick(pool)
            if source is None or target is None:
                return
            one = {}
            if self.chance(0.9):
                one["source"] = {"kind": source["kind"], "name": source["metadata"]["name"]}
                if self.chance(0.7):
                    one["source"]["fieldPath"] = self.field_path(source).replace("*", "0")
                if self.chance(0.1):
                    one["source"]["options"] = {"delimiter": self.rng.choice([":", "-", "."]), "index": self.rng.randint(0, 1)}
            else:
                one["sourceValue"] = self.rng.choice(["text", "8080", "true"])
            paths = [self.field_path(target)]
            options = {}
            if self.chance(0.3):
                options["create"] = True
                paths.append(self.rng.choice(["metadata.annotations.new", "spec.new.field", "metadata.labels.made", "data.conf\\.yaml.server.added"]))
            if self.chance(0.15):
                options.update({"delimiter": self.rng.choice([":", "-", "/"]), "index": self.rng.randint(-1, 3)})
            if target["kind"] == "ConfigMap" and self.chance(0.7) and (not self.careful or {"conf.yaml", "conf.json"} & set(target["data"])):
                paths = [self.rng.choice(["data.conf\\.yaml.server.host", "data.conf\\.yaml.server.port", "data.conf\\.yaml.list.0", "data.conf\\.json.host", "data.conf\\.json.port", "data.conf\\.json.deep.x.1"])]
            select = {"kind": target["kind"]}
            if self.chance(0.6):
                select["name"] = target["metadata"]["name"]
            entry = {"select": select, "fieldPaths": paths}
            if options:
                entry["options"] = options
            if self.chance(0.1):
                entry["reject"] = [self.rng.choice([{"name": "web"}, {"labelSelector": "app=web"}])]
            one["targets"] = [entry]
            out.append(one)
        k["replacements"] = out

    def vars(self, k, folder, pool, added):
        target = self.pick(pool)
        if target is not None and not (self.careful and "var" in self.taken):
            self.taken.add("var")
            k["vars"] = [{"name": "V", "objref": {"apiVersion": target["apiVersion"], "kind": target["kind"], "name": target["metadata"]["name"]},
                          **({"fieldref": {"fieldpath": self.rng.choice(["metadata.name", "metadata.name", "kind"] if self.careful else ["metadata.namespace", "spec.replicas", "spec.ports[0].port"])}} if self.chance(0.5) else {})}]

    def configurations(self, k, folder, pool, added):
        content = self.rng.choice([
            {"nameReference": [{"kind": "ConfigMap", "version": "v1", "fieldSpecs": [{"path": "spec/ref/name", "kind": "Widget"}]}]},
            {"commonLabels": [{"path": "spec/labels", "kind": "Widget", "create": True}]},
            {"images": [{"path": "spec/template/spec/containers/image", "kind": "Widget"}]},
            {"namePrefix": [{"path": "spec/ref/name", "kind": "Widget"}]},
            {"namespace": [{"path": "spec/ns", "kind": "Widget", "create": True}]},
            {"commonAnnotations": [{"path": "spec/template/metadata/annotations", "kind": "Widget", "create": True}]},
            {"replicas": [{"path": "spec/size", "kind": "Widget"}]},
            {"varReference": [{"path": "spec/parts/value", "kind": "Widget"}]},
        ])
        self.put(folder + "/config.yaml", content)
        k["configurations"] = ["config.yaml"]

    def plugins(self, k, folder, pool, added):
        one = self.rng.choice([
            {"kind": "AnnotationsTransformer", "annotations": {"t": "x"}, "fieldSpecs": [{"path": "metadata/annotations", "create": True}]},
            {"kind": "LabelTransformer", "labels": {"t": "5"}, "fieldSpecs": [{"path": "metadata/labels", "create": True}, {"path": "spec/template/metadata/labels", "kind": "Deployment", "create": True}]},
            {"kind": "PrefixTransformer", "prefix": "tp-", "fieldSpecs": [{"path": "metadata/name"}]},
            {"kind": "SuffixTransformer", "suffix": "-ts", "fieldSpecs": [{"path": "metadata/name", "kind": "Service"}]},
            {"kind": "NamespaceTransformer", "namespace": "tns", "unsetOnly": True, "fieldSpecs": [{"path": "metadata/namespace", "create": True}]},
            {"kind": "ImageTagTransformer", "imageTag": {"name": "nginx", "newTag": "t"}, "fieldSpecs": [{"path": "spec/template/spec/containers[]/image"}]},
            {"kind": "ReplicaCountTransformer", "replica": {"name": "web", "count": 4}, "fieldSpecs": [{"path": "spec/replicas", "kind": "Deployment", "create": True}]},
            {"kind": "ValueAddTransformer", "value": "VA", "targets": [{"fieldPath": "metadata/annotations/added", "selector": {"kind": "Deployment"}}, {"fieldPath": "spec/path", "filePathPosition": 2}]},
        ])
        meta = {"name": "plugin"}
        if "namespace" in one:
            meta["namespace"] = one.pop("namespace")
        config = {"apiVersion": "builtin", "kind": one.pop("kind"), "metadata": meta, **one}
        if self.chance(0.3):
            k["transformers"] = [self.writer.document(config)]
        else:
            self.put(folder + "/plugin.yaml", config)
            k[self.rng.choice(["transformers"] * 6 + ["validators"])] = ["plugin.yaml"]

    def generator_plugins(self, k, folder, pool, added):
        kind = self.rng.choice(["ConfigMapGenerator", "SecretGenerator"])
        name = self.objects.name()
        if any(o["kind"] == kind[:-9] and o["metadata"]["name"] == name for o in pool + added):
            return
        self.put(folder + "/generator.yaml", {"apiVersion": "builtin", "kind": kind, "metadata": {"name": name}, "literals": ["p=q"], **({"options": {"disableNameSuffixHash": True}} if self.chance(0.3) else {})})
        k["generators"] = ["generator.yaml"]
        added.append({"apiVersion": "v1", "kind": kind[:-9], "metadata": {"name": name}, "data": {"p": "q"}})

    def openapi(self, k, folder, pool, added):
        parts = {"type": "array", "items": {"type": "object"}, "x-kubernetes-patch-strategy": "merge", "x-kubernetes-patch-merge-key": "name"}
        spec = {"type": "object", "properties": {"parts": parts, **({"template": {"$ref": "#/definitions/io.k8s.api.core.v1.PodTemplateSpec"}} if self.chance(0.5) else {})}}
        widget = {"properties": {"spec": spec}, "x-kubernetes-group-version-kind": [{"group": "example.com", "version": "v1", "kind": "Widget"}]}
        self.put(folder + "/schema.json", json.dumps({"definitions": {"com.example.Widget": widget}}))
        k["openapi"] = {"path": "schema.json"}

    def crds(self, k, folder, pool, added):
        spec = {"Schema": {"properties": {"ref": {"x-kubernetes-object-ref-api-version": "v1", "x-kubernetes-object-ref-kind": self.rng.choice(["ConfigMap", "Secret"])},
                                          "labels": {"x-kubernetes-label-selector": ""}, "size": {"x-kubernetes-identity": ""}}}}
        widget = {"Schema": {"properties": {"apiVersion": {}, "kind": {}, "metadata": {}, "spec": {"$ref": "spec.Widget"}}}}
        self.put(folder + "/crds.json", json.dumps({"com.example.Widget": widget, "spec.Widget": spec}))
        k["crds"] = ["crds.json"]

    def make(self):
        rng = self.rng
        bases, pool = [], []
        for index in range(rng.choice([1, 1, 1, 2])):
            folder = "base%d" % index
            objects = self.fresh_objects(rng.randint(1, 6))
            resources = self.write_objects(folder, objects)
            plain = self.chance(0.3)
            added = [] if plain else self.kustomization(folder, objects, resources)
            if plain:
                self.put(folder + "/kustomization.yaml", {"resources": resources})
            pool += objects + added
            bases.append("../" + folder)
        if self.chance(0.08):  # one base twice, under two names
            for index, prefix in enumerate(["one-", "two-"]):
                self.put("twice%d/kustomization.yaml" % index, {"resources": ["../base0"], "namePrefix": prefix})
            bases = ["../twice0", "../twice1"] + bases[1:]
        components = []
        if self.chance(0.3):
            objects = self.fresh_objects(rng.randint(0, 2))
            resources = self.write_objects("comp", objects)
            pool += objects + self.kustomization("comp", pool + objects, resources, component=True)
            components = ["../comp"]
        for level in range(rng.choice([1, 1, 2])):
            folder = "over%d" % level
            objects = self.fresh_objects(rng.randint(0, 2)) if self.chance(0.4) else []
            resources = bases + self.write_objects(folder, objects)
            pool += objects + self.kustomization(folder, pool + objects, resources, root=True)
            if components and (self.chance(0.7) or level):
                self.files[folder + "/kustomization.yaml"] += "components: [%s]\n" % components[0]
                components = []
            bases = ["../" + folder]
        return folder
