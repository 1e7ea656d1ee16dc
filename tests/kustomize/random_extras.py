"""The rarer fields of random kustomizations, as a part of Tree (random_trees.py). Each method takes (kustomization, folder, pool, added) as those there do."""
import json

from random_objects import NAMESPACES

WORKLOADS = ("Deployment", "StatefulSet", "ReplicaSet", "DaemonSet")


class Extras:
    # ---- the root's fields

    def sort_options(self, k, *_):
        rng = self.rng
        kinds = rng.sample(["Deployment", "Service", "Namespace", "ConfigMap", "Widget", "Secret", "CustomResourceDefinition"], rng.randint(0, 4))
        cut = rng.randint(0, len(kinds))
        legacy = {}
        if self.chance(0.8):
            legacy["orderFirst"] = kinds[:cut]
        if self.chance(0.8):
            legacy["orderLast"] = kinds[cut:]
        choices = [{"order": "fifo"}, {"order": "legacy"}, {"order": "legacy", "legacySortOptions": legacy}]
        if not self.careful:
            choices += [{"order": "random"}, {"order": "fifo", "legacySortOptions": legacy}, {}, {"legacySortOptions": legacy}]
        k["sortOptions"] = rng.choice(choices)

    def build_metadata(self, k, *_):
        words = ["originAnnotations", "transformerAnnotations", "managedByLabel"] + ["other"] * (not self.careful)
        k["buildMetadata"] = self.rng.sample(words, self.rng.randint(1, len(words)))

    def generator_options(self, k, *_):
        out = {}
        for field, values in (("labels", [{"g": "x"}, {"gen": "l", "app": "g"}, {"n": "5"}]), ("annotations", [{"g": "x"}, {"note": "true", "z": ""}]),
                              ("disableNameSuffixHash", [True, False]), ("immutable", [True, False])):
            if self.chance(0.45):
                out[field] = self.rng.choice(values)
        k["generatorOptions"] = out

    # ---- configurations, crds, openapi

    def specs(self, choices):
        return self.rng.sample(choices, self.rng.randint(1, min(2, len(choices))))

    def one_configuration(self):
        widget = {"kind": "Widget"}
        references = [
            {"kind": "ConfigMap", "version": "v1", "fieldSpecs": self.specs([{"path": "spec/ref/name", **widget}, {"path": "spec/parts/value", **widget}, {"path": "data/a", "kind": "ConfigMap"}])},
            {"kind": "Secret", "fieldSpecs": self.specs([{"path": "spec/ref/name", **widget}, {"path": "metadata/annotations/owner"}])},
            {"kind": "Widget", "group": "example.com", "fieldSpecs": self.specs([{"path": "spec/template/spec/containers/env/value", "kind": "Deployment"}, {"path": "data", "kind": "ConfigMap"}])},
            {"kind": "Deployment", "group": "apps", "version": "v1", "fieldSpecs": self.specs([{"path": "spec/ref", **widget, "group": "example.com"}, {"path": "rules[]/resourceNames", "kind": "Role"}])},
            {"kind": "Service", "version": "v1", "fieldSpecs": self.specs([{"path": "spec/rules/host", "kind": "Ingress"}, {"path": "spec/ref/name", "version": "v1", **widget}])},
        ]
        create = {"create": True} if self.chance(0.4) else {}
        return self.rng.choice([
            lambda: {"nameReference": self.rng.sample(references, self.rng.randint(1, 3))},
            lambda: {"commonLabels": self.specs([{"path": "spec/labels", **widget, "create": True}, {"path": "spec/template/metadata/labels", **widget, **create}, {"path": "spec/podSelector/matchLabels", "kind": "NetworkPolicy"}])},
            lambda: {"labels": self.specs([{"path": "spec/labels", **widget, **create}, {"path": "data", "kind": "ConfigMap", **create}])},
            lambda: {"templateLabels": [{"path": "spec/template/metadata/labels", **widget, "create": True}]},
            lambda: {"images": self.specs([{"path": "spec/template/spec/containers/image", **widget}, {"path": "spec/image", **widget, "create": True}, {"path": "data/a", "kind": "ConfigMap"}])},
            lambda: {"namePrefix": self.specs([{"path": "spec/ref/name", **widget}, {"path": "metadata/annotations/note", "kind": "Deployment"}])},
            lambda: {"nameSuffix": self.specs([{"path": "spec/ref/name", **widget}, {"path": "metadata/name", "kind": "Namespace"}])},
            lambda: {"namespace": self.specs([{"path": "spec/ns", **widget, "create": True}, {"path": "spec/template/metadata/namespace", "kind": "Deployment", **create}, {"path": "metadata/name", "kind": "Widget"}])},
            lambda: {"commonAnnotations": self.specs([{"path": "spec/template/metadata/annotations", **widget, **create}, {"path": "spec/notes", **widget, **create}])},
            lambda: {"replicas": self.specs([{"path": "spec/size", **widget}, {"path": "spec/replicas", "kind": "DaemonSet", "create": True}])},
            lambda: {"varReference": self.specs([{"path": "spec/parts/value", **widget}, {"path": "data", "kind": "ConfigMap"}, {"path": "stringData/s", "kind": "Secret"}])},
        ])()

    def configurations(self, k, folder, pool, added):
        names = []
        for index in range(self.rng.choice([1, 1, 2])):
            content = self.one_configuration()
            if self.chance(0.3):
                content.update(self.one_configuration())
            names.append("config%d.yaml" % index)
            self.put(folder + "/" + names[-1], content)
        k["configurations"] = names

    def crds(self, k, folder, pool, added):
        fields = {"ref": {"x-kubernetes-object-ref-api-version": "v1", "x-kubernetes-object-ref-kind": self.rng.choice(["ConfigMap", "Secret", "Service"])},
                  "labels": {"x-kubernetes-label-selector": ""}, "notes": {"x-kubernetes-annotation": ""}, "size": {"x-kubernetes-identity": ""},
                  "parts": {"x-kubernetes-object-ref-api-version": "v1", "x-kubernetes-object-ref-kind": "ConfigMap", "x-kubernetes-object-ref-name-key": "value"}}
        spec = {"Schema": {"properties": {name: fields[name] for name in self.rng.sample(sorted(fields), self.rng.randint(1, 4))}}}
        widget = {"Schema": {"properties": {"apiVersion": {}, "kind": {}, "metadata": {}, "spec": {"$ref": "spec.Widget"}}}}
        both = {"com.example.Widget": widget, "spec.Widget": spec}
        self.put(folder + "/crds.json", json.dumps(both) if self.chance(0.7) else both)
        k["crds"] = ["crds.json"]

    def openapi(self, k, folder, pool, added):
        if self.chance(0.2):
            k["openapi"] = {"version": "v1.21.2" if self.careful or self.chance(0.8) else "v1.20.4"}
            return
        parts = {"type": "array", "items": {"type": "object"}, "x-kubernetes-patch-strategy": self.rng.choice(["merge", "merge", "merge,retainKeys", "replace"]), "x-kubernetes-patch-merge-key": "name"}
        if self.chance(0.2):
            parts["x-kubernetes-list-map-keys"] = ["name", "value"]
        spec = {"type": "object", "properties": {"parts": parts, **({"template": {"$ref": "#/definitions/io.k8s.api.core.v1.PodTemplateSpec"}} if self.chance(0.5) else {})}}
        widget = {"properties": {"spec": spec}, "x-kubernetes-group-version-kind": [{"group": "example.com", "version": "v1", "kind": "Widget"}]}
        schema = {"definitions": {"com.example.Widget": widget}}
        self.put(folder + "/schema.json", json.dumps(schema) if self.chance(0.6) else schema)
        k["openapi"] = {"path": "schema.json"}

    # ---- plugin configs

    def field_specs(self, path, kind=None):
        out = [{"path": path, "create": True, **({"kind": kind} if kind else {})}]
        if self.chance(0.3):
            out.append({"path": "spec/template/" + path, "kind": self.rng.choice(WORKLOADS), **({"create": True} if self.chance(0.6) else {})})
        return out

    def transformer_config(self, folder, pool):
        rng = self.rng
        target = self.pick(pool, take=False)
        patched = self.pick(pool)
        choices = [
            lambda: {"kind": "AnnotationsTransformer", "annotations": rng.choice([{"t": "x"}, {"note": "5", "u": "true"}]), "fieldSpecs": self.field_specs("metadata/annotations")},
            lambda: {"kind": "LabelTransformer", "labels": {"t": "5"}, "fieldSpecs": self.field_specs("metadata/labels")},
            lambda: {"kind": "PrefixTransformer", "prefix": "tp-", "fieldSpecs": [{"path": "metadata/name"}]},
            lambda: {"kind": "SuffixTransformer", "suffix": "-ts", "fieldSpecs": [{"path": "metadata/name", "kind": rng.choice(["Service", "ConfigMap"])}]},
            lambda: {"kind": "PrefixSuffixTransformer", "prefix": "ps-", "suffix": "-ps", "fieldSpecs": [{"path": "metadata/name"}]},
            lambda: {"kind": "NamespaceTransformer", "namespace": "tns", **({"unsetOnly": True} if self.chance(0.5) else {}),
                     **({"setRoleBindingSubjects": rng.choice(["defaultOnly", "allServiceAccounts", "none"])} if self.chance(0.6) else {}),
                     "fieldSpecs": rng.choice([[{"path": "metadata/namespace", "create": True}], [{"path": "metadata/name", "kind": "Namespace", "create": True}],
                                               [{"path": "spec/ns", "kind": "Widget", "create": True}, {"path": "subjects/namespace", "kind": "RoleBinding"}]])},
            lambda: {"kind": "ImageTagTransformer", "imageTag": rng.choice([{"name": "nginx", "newTag": "t"}, {"name": "redis", "newName": "r", "digest": "sha256:dd"}, {"name": "busybox", "tagSuffix": "-s"}]),
                     **({"fieldSpecs": [{"path": "spec/template/spec/containers[]/image"}]} if self.chance(0.7) else {})},
            lambda: {"kind": "ReplicaCountTransformer", "replica": {"name": rng.choice([o["metadata"]["name"] for o in pool if o["kind"] in WORKLOADS] or ["web"]), "count": 4},
                     "fieldSpecs": [{"path": "spec/replicas", "kind": "Deployment", "create": True}, {"path": "spec/replicas", "kind": "StatefulSet"}]},
            lambda: {"kind": "ValueAddTransformer", **({"value": rng.choice(["VA", "5", ""])} if self.chance(0.8) else {}),
                     "targets": rng.sample([{"fieldPath": "metadata/annotations/added", "selector": {"kind": "Deployment"}}, {"fieldPath": "spec/path", "filePathPosition": rng.randint(-1, 4)},
                                            {"fieldPath": "metadata/annotations/note", "filePathPosition": 1}, {"fieldPath": "spec/new/deep", "selector": {"name": "w.*", "labelSelector": "app"}}], 2)},
            lambda: {"kind": "HashTransformer"},
        ]
        if target is not None:
            choices += [lambda: {"kind": "ReplacementTransformer", "replacements": [{"source": {"kind": target["kind"], "name": target["metadata"]["name"]},
                                                                                       "targets": [{"select": {"kind": "Deployment"}, "fieldPaths": ["metadata.annotations.from"], "options": {"create": True}}]}]}]
        if patched is not None:
            one = lambda: self.patch_text(self.patches.strategic(patched))  # noqa: E731
            gvk = patched["apiVersion"].split("/")
            exact = {**({"group": gvk[0]} if len(gvk) > 1 else {}), "version": gvk[-1], "kind": patched["kind"], "name": patched["metadata"]["name"]}
            choices += [lambda: {"kind": "PatchTransformer", "patch": one(), **({"target": exact} if self.chance(0.5) else {}), **({"options": {"allowNameChange": True}} if self.chance(0.2) else {})},
                        lambda: {"kind": "PatchTransformer", "patch": self.patch_text(self.patches.json_patch(patched)), "target": exact},
                        lambda: {"kind": "PatchStrategicMergeTransformer", **({"patches": one()} if self.chance(0.6) else {"paths": [self.written(folder + "/psm.yaml", one())]})},
                        lambda: {"kind": "PatchJson6902Transformer", "target": exact, "jsonOp": json.dumps(self.patches.json_patch(patched), default=str)}]
        return rng.choice(choices)()

    def written(self, path, text):
        self.put(path, text)
        return path.rsplit("/", 1)[1]

    def as_plugin(self, one, name):
        meta = {"name": name}
        if "namespace" in one:
            meta["namespace"] = one.pop("namespace")
        return {"apiVersion": "builtin", "kind": one.pop("kind"), "metadata": meta, **one}

    def plugins(self, k, folder, pool, added):
        field = self.rng.choice(["transformers"] * 6 + ["validators"])
        configs = [self.as_plugin(self.transformer_config(folder, pool), "plugin%d" % i) for i in range(self.rng.choice([1, 1, 2, 3]))]
        texts = [self.writer.document(one) for one in configs]
        place = self.rng.choice(["inline", "file", "file", "files", "directory"])
        if place == "inline":
            k[field] = ["---\n".join(texts)] if self.chance(0.5) else texts
        elif place == "file":
            k[field] = [self.written(folder + "/plugin.yaml", "---\n".join(texts))]
        elif place == "files":
            k[field] = [self.written(folder + "/plugin%d.yaml" % i, text) for i, text in enumerate(texts)]
        else:
            self.put(folder + "/plugins/kustomization.yaml", {"resources": ["p.yaml"], **({"namePrefix": "x-"} if self.chance(0.3) else {})})
            self.put(folder + "/plugins/p.yaml", "---\n".join(texts))
            k[field] = ["plugins"]

    def generator_plugins(self, k, folder, pool, added):
        if self.chance(0.15):
            account = {"apiVersion": "builtin", "kind": "IAMPolicyGenerator", "metadata": {"name": "iam"}, "cloud": "gke",
                       "kubernetesService": {"name": "made-account", **({"namespace": "shop"} if self.chance(0.5) else {})}, "serviceAccount": {"name": "gsa", "projectId": "p-1"}}
            k["generators"] = [self.written(folder + "/iam.yaml", self.writer.document(account))]
            return
        kind = self.rng.choice(["ConfigMapGenerator", "SecretGenerator"])
        one = self.generator(folder, kind[:-9].lower().replace("configmap", "configMap"))
        name = one.pop("name")
        there = [o for o in pool + added if o["kind"] == kind[:-9] and o["metadata"]["name"] == name]
        if there and (self.careful or self.chance(0.8)):
            if len(there) > 1 or "namespace" in there[0]["metadata"] or id(there[0]) in self.touched:
                return
            self.touched.add(id(there[0]))
            one["behavior"] = self.rng.choice(["merge", "replace"])
            one.pop("namespace", None)
        config = {"apiVersion": "builtin", "kind": kind, "metadata": {"name": name, **({"namespace": one.pop("namespace")} if "namespace" in one else {})}, **one}
        text = self.writer.document(config)
        k["generators"] = [text] if self.chance(0.3) else [self.written(folder + "/generator.yaml", text)]
        if not there:
            added.append({"apiVersion": "v1", "kind": kind[:-9], "metadata": dict(config["metadata"]), "data": {"p": "q"}})

    # ---- patches that rename, and patches of many objects

    def renaming_patches(self, k, folder, pool, added):
        target = self.pick(pool)
        if target is None:
            return
        name, kind = target["metadata"]["name"], target["kind"]
        options = {word: self.chance(0.8) for word in self.rng.sample(["allowNameChange", "allowKindChange"], self.rng.randint(1, 2))}
        body = {"apiVersion": target["apiVersion"], "kind": kind if kind in ("ConfigMap", "Secret") else self.rng.choice([kind, "Renamed"]), "metadata": {"name": self.rng.choice([name, name + "-new"])}}
        if self.chance(0.3):
            body["metadata"]["namespace"] = self.rng.choice(NAMESPACES)
        if self.chance(0.5):
            body["metadata"]["annotations"] = {"renamed": "yes"}
        entry = {"target": {"kind": kind, "name": name}, "options": options}
        if self.chance(0.3):
            entry["patch"] = json.dumps([{"op": "replace", "path": "/metadata/name", "value": name + "-new"}] + ([{"op": "replace", "path": "/kind", "value": "Renamed"}] if kind not in ("ConfigMap", "Secret") and self.chance(0.4) else []))
        else:
            entry["patch"] = self.patch_text(body)
        k["patches"] = k.get("patches", []) + [entry]

    def broad_patches(self, k, folder, pool, added):
        """One patch for all that a selector finds: it says little, so that it fits."""
        rng = self.rng
        target = rng.choice([{"kind": "Deployment|StatefulSet"}, {"labelSelector": rng.choice(["app", "app=web", "app in (web,a),tier", "env notin (dev)"])}, {"name": "^w.b$"}, {"group": "apps", "version": "v1"},
                             {"annotationSelector": rng.choice(["note", "owner!=n", "a.b/c=n"])}, {"namespace": rng.choice(NAMESPACES + ["shop|prod", ".+"])}, {"kind": "Conf.*", "name": "a.*|w.*"}])
        labels = {rng.choice(["app", "new", "tier"]): rng.choice(["z", None, self.objects.text()])}
        strategic = {"apiVersion": "v1", "kind": "Any", "metadata": {"name": "any", rng.choice(["labels", "annotations"]): labels}}
        operations = rng.choice([[{"op": "add", "path": "/metadata/annotations", "value": {"a": "b"}}], [{"op": "add", "path": "/metadata/labels", "value": {"a~b": "c", "5": "x"}}],
                                 [{"op": "add", "path": "/extra", "value": [1, None, {"x": []}, 1.0, "5"]}, {"op": "copy", "from": "/extra/2", "path": "/extra/-1"}, {"op": "move", "from": "/extra/0", "path": "/moved"}],
                                 [{"op": "add", "path": "/metadata/annotations", "value": {"a/b": "1", "m~n": "2"}}, {"op": "remove", "path": "/metadata/annotations/a~1b"}, {"op": "test", "path": "/metadata/annotations/m~0n", "value": "2"}],
                                 [{"op": "replace", "path": "/metadata/absent", "value": "made"}, {"op": "remove", "path": "/metadata/absent"}]])
        k["patches"] = k.get("patches", []) + [{"target": target, "patch": self.patch_text(rng.choice([strategic, operations]))}]

    # ---- what is deprecated

    def deprecated(self, k, folder, pool, added):
        rng = self.rng
        if self.chance(0.3):
            k["imageTags"] = [{"name": "nginx", "newTag": "old"}]
        if self.chance(0.3) and "commonLabels" not in k:
            k["commonLabels"] = self.pairs()
        for generator in k.get("configMapGenerator", []):
            if generator.get("envs") and self.chance(0.5):
                generator["env"] = generator.pop("envs")[0]
        if "resources" in k and self.chance(0.4):
            directories = [r for r in k["resources"] if r.startswith("..")]
            if directories:
                k["bases"] = directories
                k["resources"] = [r for r in k["resources"] if r not in directories]
        target = self.pick(pool)
        if target is not None and self.chance(0.5):
            text = self.patch_text(self.patches.strategic(target))
            k["patchesStrategicMerge"] = k.get("patchesStrategicMerge", []) + [text if self.chance(0.4) else self.written(folder + "/old%d.yaml" % rng.randint(0, 9), text)]

    # ---- replacements with every option

    def many_replacements(self, k, folder, pool, added):
        out = []
        for _ in range(self.rng.randint(1, 3)):
            one = self.replacement(pool)
            if one is not None:
                out.append(one)
        if not out:
            return
        if self.chance(0.25):
            self.put(folder + "/replacements.yaml", out if self.chance(0.6) or len(out) > 1 else out[0]) if self.chance(0.5) else self.put(folder + "/replacements.yaml", json.dumps(out, default=str))
            out = [{"path": "replacements.yaml"}]
        k["replacements"] = k.get("replacements", []) + out

    def selector(self, target, exact):
        gvk = target["apiVersion"].split("/")
        fields = {"kind": target["kind"], "name": target["metadata"]["name"], "version": gvk[-1], "group": gvk[0] if len(gvk) > 1 else "", "namespace": target["metadata"].get("namespace", "")}
        keep = ["kind"] + self.rng.sample(["name", "version", "group", "namespace"], self.rng.randint(0, 3)) + (["name"] if exact else [])
        out = {key: fields[key] for key in fields if key in keep and fields[key]}
        if not exact and self.chance(0.25):
            out["name"] = self.rng.choice([".*", "w.*|a.*", target["metadata"]["name"][:1] + ".*"])
        return out

    def replacement(self, pool):
        rng = self.rng
        source = self.pick(pool, take=False)
        if source is None:
            return None
        one = {"source": self.selector(source, True)}
        dice = rng.random()
        if dice < 0.2:
            one = {"sourceValue": rng.choice(["text", "8080", "true", "a:b:c", "x-y", " spaced ", "multi\nline\n"])}
        elif dice < 0.5:
            one["source"]["fieldPath"] = self.field_path(source).replace("*", "0")
            if self.chance(0.3):
                one["source"]["options"] = {"delimiter": rng.choice([":", "-", ".", "/", "@"]), **({"index": rng.randint(0, 2)} if self.chance(0.7) else {})}
        elif dice < 0.65:
            one["source"]["fieldPath"] = rng.choice(["metadata", "metadata.labels", "spec", "kind", "apiVersion", "metadata.namespace", "spec.template.spec.containers.-.image", "spec.ports.0", "data"])
        targets = []
        for _ in range(rng.randint(1, 2)):
            target = self.pick(pool, take=False)
            entry = {"select": self.selector(target, False)}
            if self.chance(0.15):
                entry["select"] = rng.choice([{"labelSelector": "app=web"}, {"annotationSelector": "note"}, {"kind": ".*"}, {"group": "apps"}, {"kind": "Deploy"}])
            paths = ["metadata.annotations.note", "metadata.annotations.[a.b/c]", "metadata.labels.new", "spec.new.deep", "spec.template.metadata.annotations.x", "data.k", "spec.list.0", "spec.parts.[name=p].value",
                     "spec.parts.[name=new].value", "spec.template.spec.containers.[name=main].image", "spec.template.spec.containers.*.image", "spec.template.spec.containers.[name=m].args.1", "spec.ports.*.port",
                     "spec.args.[=x]", "metadata.finalizers.[=a/b]", "metadata.name", "metadata.namespace"]
            entry["fieldPaths"] = [self.field_path(target)] if self.chance(0.5) else rng.sample(paths, rng.randint(1, 2))
            options = {}
            if self.chance(0.75):
                options["create"] = True
            if self.chance(0.2):
                options["delimiter"] = rng.choice([":", "-", "/", "."])
                if self.chance(0.8):
                    options["index"] = rng.randint(-1, 3)
            if self.chance(0.05):
                options["encoding"] = "base64"
            if options:
                entry["options"] = options
            if self.chance(0.25):
                entry["reject"] = rng.sample([{"name": "web"}, {"labelSelector": "app=web"}, {"kind": "Deployment", "name": "a.*"}, {"annotationSelector": "note"}, {"namespace": "shop"}, {"kind": "Secret"}, {"group": "apps", "name": "nobody"}], rng.randint(1, 2))
            targets.append(entry)
        return {**one, "targets": targets}

    # ---- vars in many places

    def many_vars(self, k, folder, pool, added):
        out = []
        for name in self.rng.sample(["V", "W", "A_B", "x.y"], self.rng.randint(1, 3)):
            target = self.pick(pool, take=False)
            if target is None or ("var " + name) in self.taken:
                continue
            if self.careful:
                self.taken.add("var " + name)
            gvk = target["apiVersion"].split("/")
            objref = {"kind": target["kind"], "name": target["metadata"]["name"], **self.rng.choice([{"apiVersion": target["apiVersion"]}, {"version": gvk[-1], **({"group": gvk[0]} if len(gvk) > 1 else {})}])}
            if "namespace" in target["metadata"] and self.chance(0.5):
                objref["namespace"] = target["metadata"]["namespace"]
            places = ["metadata.name", "kind", "apiVersion", "metadata"] + (["spec.replicas", "spec.ports[0].port", "spec.template.spec.containers.0.image", "metadata.labels.app", "metadata.annotations.note"] if not self.careful else [])
            out.append({"name": name, "objref": objref, **({"fieldref": {"fieldpath": self.rng.choice(places)}} if self.chance(0.6) else {})})
        if out:
            k["vars"] = k.get("vars", []) + out
            self.put_references(k, [one["name"] for one in out])

    def put_references(self, k, names):
        text = self.rng.choice(["$(%s)", "a-$(%s)-b", "$$(%s)", "$(%s)$(none)", "$(%s"]) % self.rng.choice(names)
        k.setdefault("commonAnnotations", {})["with-var"] = text

    # ---- labels

    def odd_labels(self, k, *_):
        fields = [{"path": "spec/extra/labels", "kind": "Widget", "create": True}, {"path": "data", "kind": "ConfigMap"}, {"path": "spec/template/metadata/labels", "kind": "Widget", "group": "example.com", "version": "v1", "create": True},
                  {"path": "spec/jobTemplate/metadata/labels", "create": False}]
        k["labels"] = k.get("labels", []) + [{"pairs": self.rng.choice([{"z": "1"}, {"on": "off"}, {"long.name/x": "v", "b": ""}]), "fields": self.rng.sample(fields, self.rng.randint(1, 2)), **({"includeSelectors": True} if self.chance(0.3) else {})}]

    def odd_images(self, k, *_):
        k["images"] = k.get("images", []) + [self.rng.choice([{"name": "ngin.", "newTag": "re"}, {"name": "(nginx|redis)", "newName": "both"}, {"name": "nginx", "newName": "my:5000/n", "newTag": "1", "digest": "sha256:ee"}, {"name": "redis"},
                                                              {"name": "registry.io/team/app", "newTag": "", "tagSuffix": "-x"}, {"name": "*", "newTag": "v"}, {"name": "nginx", "digest": "sha256:ff"}])]

    def extra_fields(self):
        """(probability, method)"""
        return [(0.15, self.sort_options), (0.12, self.build_metadata), (0.12, self.generator_options), (0.12, self.configurations), (0.06, self.crds), (0.06, self.openapi), (0.14, self.plugins), (0.08, self.generator_plugins),
                (0.1, self.renaming_patches), (0.14, self.broad_patches), (0.1, self.deprecated), (0.2, self.many_replacements), (0.1, self.many_vars), (0.08, self.odd_labels), (0.08, self.odd_images)]


