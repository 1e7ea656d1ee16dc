#!/usr/bin/env python3
"""Writes rollout/builtin_types.inc: the Go types of the kinds built into Kubernetes, as client-go's scheme knows them, as tables: which fields they have, under
which names, and which are left out when they are empty. To be run by hand when Kubernetes is followed to a newer version:

    rollout/types/generate.py 0.36.4 > rollout/builtin_types.inc

Reads the sources of k8s.io/api, apimachinery and client-go in Go's module cache (`go mod download k8s.io/client-go@v0.36.4` puts them there).
"""

import os
import re
import subprocess
import sys

OPAQUE = {"resource.Quantity": "Quantity", "intstr.IntOrString": "IntOrString", "metav1.Duration": "Duration", "metav1.Time": "Any", "metav1.MicroTime": "Any",
          "metav1.FieldsV1": "Any", "runtime.RawExtension": "Any", "runtime.Unknown": "Any", "runtime.Object": "Any", "metav1.Verbs": "Any"}
SCALARS = {"string": "String", "bool": "Bool", "float32": "Float", "float64": "Float", "byte": "Int"} | {
    f"{sign}int{bits}": "Int" for sign in ("", "u") for bits in ("", "8", "16", "32", "64")}


class Package:
    """The types of one Go package: {name: its definition}."""

    def __init__(self, folder):
        self.structs, self.named, self.imports = {}, {}, {}
        self.group = self.version = ""
        self.kinds = set()
        for file in sorted(os.listdir(folder)):
            if file.endswith(".go") and not file.endswith("_test.go") and not file.startswith(("zz_generated.deepcopy", "generated.pb")):
                with open(os.path.join(folder, file), encoding="utf-8") as source:
                    self._read(re.sub(r"/\*.*?\*/", "", source.read(), flags=re.S))

    def _read(self, text):
        for alias, path in re.findall(r'^\s*(\w+)?\s*"([\w./-]+)"$', text, re.M):
            self.imports[alias or path.rpartition("/")[2]] = path
        self.structs |= {name: [] for name in re.findall(r"^type (\w+) struct ?\{ ?\}", text, re.M)}
        for name, body in re.findall(r"^type (\w+) struct \{\n(.*?)^\}", text, re.S | re.M):
            self.structs[name] = [field for line in body.split("\n") if (field := self._field(line.strip()))]
        self.named |= dict(re.findall(r"^type (\w+) (?:= )?([\w.*\[\]]+)$", text, re.M))
        if found := re.search(r'^const GroupName = "([^"]*)"', text, re.M):
            self.group = found[1]
        if found := re.search(r'SchemeGroupVersion\s*=\s*schema\.GroupVersion\{Group: GroupName, Version: "(\w+)"\}', text):
            self.version = found[1]
        self.kinds |= set(re.findall(r"^\t\t&(\w+)\{\},", text, re.M))

    @staticmethod
    def _field(line):
        """(name or None if embedded, type, options), or None for what is no field."""
        line = re.sub(r"\s*//.*$", "", line) if "`" not in line else line
        found = re.match(r'^(?:(\w+)\s+)?([\w.*\[\]]+)(?:\s+`.*?json:"([^"]*)".*`)?', line)
        if not found or not line or line.startswith("//"):
            return None
        name, kind, tag = found.groups()
        words = (tag or "").split(",")
        if words[0] == "-":
            return None
        return (words[0] or name, kind, words[1:])


class Tables:
    def __init__(self, modules):
        self.modules, self.packages = modules, {}
        self.rows, self.fields, self.known, self.structs = [], [], {}, set()

    def package(self, path):
        if path not in self.packages:
            module, _, below = path.removeprefix("k8s.io/").partition("/")
            self.packages[path] = Package(os.path.join(self.modules[module], below))
        return self.packages[path]

    def type_of(self, path, text):
        key = (path, text)
        if key in self.known:
            return self.known[key]
        at = self.known[key] = len(self.rows)
        self.rows.append(None)
        self.rows[at] = self.row_of(path, text)
        return at

    def row_of(self, path, text):
        if text.startswith("*"):
            return ("Pointer", self.type_of(path, text[1:]), 0, 0)
        if text == "[]byte":
            return ("Bytes", 0, 0, 0)
        if text.startswith("[]"):
            return ("List", self.type_of(path, text[2:]), 0, 0)
        if text.startswith("map["):
            return ("Map", self.type_of(path, text[text.index("]") + 1:]), 0, 0)
        if text in SCALARS:
            return (SCALARS[text], 0, 0, 0)
        package = self.package(path)
        if "." in text:
            alias, _, name = text.partition(".")
            target = package.imports[alias]
            plain = {"k8s.io/apimachinery/pkg/api/resource": "resource.", "k8s.io/apimachinery/pkg/util/intstr": "intstr.", "k8s.io/apimachinery/pkg/runtime": "runtime.",
                     "k8s.io/apimachinery/pkg/apis/meta/v1": "metav1."}.get(target, "") + name
            if plain in OPAQUE:
                return (OPAQUE[plain], 0, 0, 0)
            if target == "k8s.io/apimachinery/pkg/types":
                return ("String", 0, 0, 0)
            return self.rows[self.type_of(target, name)] or self.alias(self.type_of(target, name))
        if path == "k8s.io/apimachinery/pkg/apis/meta/v1" and "metav1." + text in OPAQUE:
            return (OPAQUE["metav1." + text], 0, 0, 0)
        if text in package.structs:
            fields = self.fields_of(path, text)
            first = len(self.fields)
            self.fields += fields
            return ("Struct", 0, first, len(fields))
        if text in package.named:
            return self.row_of(path, package.named[text])
        raise KeyError(f"{path}: {text}")

    def alias(self, at):
        """A type that is under construction, of which one cannot say yet what it is: one more step leads there."""
        return ("Alias", at, 0, 0)

    def fields_of(self, path, name):
        out = []
        package = self.package(path)
        if name not in package.structs:
            alias, _, inner = package.named[name].rpartition(".")
            return self.fields_of(package.imports[alias] if alias else path, inner)
        for field, kind, options in package.structs[name]:
            if field is None:  # embedded
                alias, _, inner = kind.rpartition(".")
                target = self.package(path).imports[alias] if alias else path
                out += self.fields_of(target, inner)
                continue
            at = self.type_of(path, kind)
            shape = self.shape(at)
            omit = "omitzero" in options or ("omitempty" in options and shape not in ("Struct", "Quantity", "IntOrString", "Duration"))
            out.append((field, omit, at))
        return out

    def shape(self, at):
        return self.rows[at][0] if self.rows[at] else "Struct"


def main():
    version = sys.argv[1]
    cache = subprocess.run(["go", "env", "GOMODCACHE"], check=True, capture_output=True, text=True).stdout.strip()
    tables = Tables({name: f"{cache}/k8s.io/{name}@v{version}" for name in ("api", "apimachinery", "client-go")})
    with open(tables.modules["client-go"] + "/kubernetes/scheme/register.go", encoding="utf-8") as file:
        paths = sorted(set(re.findall(r'"(k8s\.io/api/[\w/]+)"', file.read())))
    roots = []
    for path in paths:
        package = tables.package(path)
        for kind in sorted(package.kinds & set(package.structs)):
            if any(field[1] == "metav1.ObjectMeta" for field in package.structs[kind]):
                roots.append((package.group, package.version, kind, tables.type_of(path, kind)))
    while any(row[0] == "Alias" for row in tables.rows):
        tables.rows = [tables.rows[row[1]] if row[0] == "Alias" else row for row in tables.rows]
    print(f"// Generated by rollout/types/generate.py from k8s.io/client-go v{version}; not to be edited.\n// clang-format off\nconstexpr TypeRow kTypes[] = {{")
    for shape, elem, first, count in tables.rows:
        print(f"{{Shape::{shape},{elem},{first},{count}}},")
    print("};\nconstexpr FieldRow kFields[] = {")
    for name, omit, at in tables.fields:
        print(f'{{"{name}",{str(omit).lower()},{at}}},')
    print("};\nconstexpr RootRow kRoots[] = {")
    for group, of_version, kind, at in sorted(roots):
        print(f'{{"{group}","{of_version}","{kind}",{at}}},')
    print("};\n// clang-format on")


if __name__ == "__main__":
    main()
