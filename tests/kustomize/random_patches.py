"""Random patches of given objects: strategic merges, JSON patches, and the targets of both."""
import json

from random_objects import NAMESPACES, RAWS, Raw


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
            if path == ("metadata", "name") and (op != "replace" or rng.random() < 0.7):  # two objects of one name are found out at different times
                op = "test"
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
