#!/usr/bin/env python3
"""Random but plausible kustomization trees: Tree(rng).make() fills `files` (path -> text) and returns the directory to build. Most trees are
careful (what is patched or replaced exists), some are not, and must be refused by both engines.

usage: random_trees.py --seed N --count N DIR    writes tree I as DIR/I/tree, and the directory of it to build into DIR/I/top
"""
import argparse
import json
import os
import random

from random_extras import Extras
from random_objects import NAMESPACES, Objects, Raw, Writer
from random_patches import Patches, paths_of
from random_texts import as_json, decorated


class Tree(Extras):
    def __init__(self, rng):
        self.rng = rng
        self.objects = Objects(rng)
        self.patches = Patches(rng, self.objects)
        self.files, self.kustomizations, self.names = {}, {}, {}
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

    def with_merge_keys(self, text):
        """The same objects with a few data more, which come from an anchor elsewhere."""
        if "\ndata:\n" not in text:
            return text
        style = self.rng.choice(["{z: 'one', y: , k: 5}", "\n  z: one\n  a: two\n  y: >\n    a\n      b"])
        return "more: &more " + style + "\n" + text.replace("\ndata:\n", "\ndata:\n  <<: *more\n", 1)

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
            elif len(part) == 1 and self.chance(0.04):
                text = self.with_merge_keys(text)
            elif self.chance(0.04):
                text = text.replace("\n", "\r\n")
            elif self.chance(0.25):
                text = decorated(self.rng, text)
            elif len(part) == 1 and self.chance(0.06) and as_json(part[0]):
                name, text = name.replace(".yaml", ".json"), as_json(part[0])
            self.put(folder + "/" + name, text)
            names.append(name)
        return names

    def kustomization(self, folder, pool, resources, component=False):
        """Writes a kustomization over `resources`; `pool` are the objects it may talk about. Returns what it adds to the pool."""
        rng, k = self.rng, {}
        if component:
            k = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}
        added = []
        if resources or not component:
            k["resources"] = resources
        fields = [(0.35, self.prefix), (0.3, self.namespace), (0.35, self.labels), (0.15, self.common_labels), (0.2, self.common_annotations), (0.6, self.add_patches), (0.1, self.old_patches),
                  (0.35, self.images), (0.2, self.replicas), (0.4, self.generators), (0.3, self.replacements), (0.12, self.vars)] + self.extra_fields()
        for probability, field in fields:
            if self.chance(probability):
                field(k, folder, pool, added)
        items = list(k.items())
        rng.shuffle(items)
        self.put_kustomization(folder, dict(items))
        return added

    def put_kustomization(self, folder, k):
        self.kustomizations[folder] = k
        name = self.names.setdefault(folder, self.rng.choice(["kustomization.yaml"] * 8 + ["kustomization.yml", "Kustomization"]))
        text = self.writer.document(k)
        self.files[folder + "/" + name] = decorated(self.rng, text) if self.chance(0.06) else text

    def lighter(self, count):
        """Takes `count` fields away from what the kustomizations say, for a tree that could not be built."""
        for _ in range(count):
            there = [(folder, field) for folder in sorted(self.kustomizations) for field in self.kustomizations[folder] if field not in ("apiVersion", "kind", "resources", "bases", "components")]
            if not there:
                return
            folder, field = self.rng.choice(there)
            k = self.kustomizations[folder]
            del k[field]
            self.put_kustomization(folder, k if len(k) > ("kind" in k) * 2 else {**k, "metadata": {"name": "nothing"}})

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
        text = self.writer.document(body)
        return decorated(self.rng, text) if self.chance(0.1) else text

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
                self.put_kustomization(folder, {"resources": resources})
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
            if self.chance(0.3):  # a component that brings another
                self.kustomization("comp1", pool, [], component=True)
                self.put_kustomization("comp", {**self.kustomizations["comp"], "components": ["../comp1"]})
        for level in range(rng.choice([1, 1, 2])):
            folder = "over%d" % level
            objects = self.fresh_objects(rng.randint(0, 2)) if self.chance(0.4) else []
            resources = bases + self.write_objects(folder, objects)
            pool += objects + self.kustomization(folder, pool + objects, resources)
            if components and (self.chance(0.7) or level):
                self.put_kustomization(folder, {**self.kustomizations[folder], "components": components})
                components = []
            bases = ["../" + folder]
        return folder


def trees_of(seed, index, most=1):
    """(files, directory to build) of tree `index` of `seed`, always the same, and then up to `most` - 1 times the same tree with ever fewer fields."""
    tree = Tree(random.Random("%s/%s" % (seed, index)))
    top = tree.make()
    for round in range(most):
        yield dict(tree.files), top
        tree.lighter(round + 1)


def write(files, folder):
    for path, text in files.items():
        os.makedirs(os.path.join(folder, os.path.dirname(path)), exist_ok=True)
        with open(os.path.join(folder, path), "w", encoding="utf-8", newline="") as out:
            out.write(text)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("folder")
    options = parser.parse_args()
    for index in range(options.count):
        folder = os.path.join(options.folder, str(index))
        files, top = next(trees_of(options.seed, index))
        write(files, os.path.join(folder, "tree"))
        with open(os.path.join(folder, "top"), "w", encoding="utf-8") as out:
            out.write(top)


if __name__ == "__main__":
    main()
