#!/usr/bin/env python3
"""Writes kustomize/tables/data.cpp from kustomize/tables/kustomize-data.json. Not part of the build: run it when the facts change.

    python3 kustomize/tables/generate.py
"""
import json
import pathlib

HERE = pathlib.Path(__file__).resolve().parent

LISTS = [  # name in the data, name in C++
    ("namePrefix", "kNamePrefix"), ("nameSuffix", "kNameSuffix"), ("namespace", "kNamespace"), ("commonLabels", "kCommonLabels"),
    ("templateLabels", "kTemplateLabels"), ("volumeClaimTemplateLabels", "kVolumeClaimTemplateLabels"),
    ("commonAnnotations", "kCommonAnnotations"), ("images", "kImages"), ("replicas", "kReplicas"), ("varReference", "kVarReference"),
]


def text(value):
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def spec(entry):
    parts = [text(entry.get(key, "")) for key in ("group", "version", "kind", "path")]
    return "{" + ", ".join(parts + ["true" if entry.get("create") else "false"]) + "}"


def specs(name, entries):
    lines = [f"constexpr RawSpec {name}Data[] = {{"] + [f"    {spec(entry)}," for entry in entries] + ["};"]
    return lines + [f"constinit const std::span<const RawSpec> {name} = {name}Data;", ""]


def names(name, entries):
    return [f"constexpr std::string_view {name}Data[] = {{"] + [f"    {text(entry)}," for entry in entries] + [
        "};", f"constinit const std::span<const std::string_view> {name} = {name}Data;", ""]


def references(data):
    lines = []
    for index, entry in enumerate(data):
        lines += [f"constexpr RawSpec kReferrers{index}[] = {{"] + [f"    {spec(one)}," for one in entry["referrers"]] + ["};"]
    lines += ["constexpr RawReference kNameReferenceData[] = {"]
    for index, entry in enumerate(data):
        target = ", ".join(text(entry.get(key, "")) for key in ("group", "version", "kind"))
        lines.append(f"    {{{target}, kReferrers{index}}},")
    return lines + ["};", "constinit const std::span<const RawReference> kNameReference = kNameReferenceData;", ""]


def schema(data):
    type_names = sorted(data["types"])
    number = {name: index for index, name in enumerate(type_names)}
    lines, types, total = ["constexpr RawField kSchemaFieldsData[] = {"], [], 0
    for name in type_names:
        fields = sorted(data["types"][name].items())
        types.append((name, total, len(fields)))
        total += len(fields)
        for key, what in fields:
            below = number[what["type"]] if "type" in what else -1
            merges = "true" if what.get("list") == "merge" else "false"
            lines.append(f"    {{{text(key)}, {below}, {merges}, {text(' '.join(what.get('keys', [])))}}},  // {name}")
    lines += ["};", "constinit const std::span<const RawField> kSchemaFields = kSchemaFieldsData;", "", "constexpr RawType kSchemaTypesData[] = {"]
    lines += [f"    {{{text(name)}, {first}, {count}}},  // {index}" for index, (name, first, count) in enumerate(types)]
    lines += ["};", "constinit const std::span<const RawType> kSchemaTypes = kSchemaTypesData;", "", "constexpr RawRoot kSchemaRootsData[] = {"]
    lines += [f"    {{{text(name)}, {number[kind]}}}," for name, kind in sorted(data["roots"].items())]
    return lines + ["};", "constinit const std::span<const RawRoot> kSchemaRoots = kSchemaRootsData;", ""]


def main():
    data = json.loads((HERE / "kustomize-data.json").read_text())
    out = ["// Facts about Kubernetes and kustomize 5.8.2. Made by tables/generate.py from tables/kustomize-data.json; change those.",
           '#include "kustomize/tables/data.h"', "", "namespace sluice::kustomize::tables {", ""]
    for key, name in LISTS:
        out += specs(name, data["fieldSpecs"][key])
    out += references(data["nameReference"])
    out += names("kLegacyFirst", data["legacyOrder"]["first"]) + names("kLegacyLast", data["legacyOrder"]["last"])
    out += names("kClusterScoped", sorted(data["clusterScoped"])) + names("kKnownNamespaced", sorted(data["knownNamespaced"]))
    out += schema(data["mergeSchema"]) + ["}  // namespace sluice::kustomize::tables", ""]
    (HERE / "data.cpp").write_text("\n".join(out))


if __name__ == "__main__":
    main()
