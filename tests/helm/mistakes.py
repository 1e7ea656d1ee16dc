#!/usr/bin/env python3
"""Charts with mistakes, each of one kind: `sluice lint`, `show` and `template` say of them what the real helm says, 3 and 4.

usage: mistakes.py --engine "build/dev/cli/sluice" --helm DIR [--only NAME]

DIR holds `helm3` and `helm4` (tests/cluster/tools/helm.sh prints it). Standard output must be the same bytes, what follows `Error: ` the same text,
and the lines before it the same.
"""
import argparse
import concurrent.futures
import os
import shlex
import shutil
import sys
import tempfile

sys.dont_write_bytecode = True
import differential  # noqa: E402

CHART = "apiVersion: v2\nname: c\nversion: 1.2.3\nicon: https://x.y/i.png\n"
MAP = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\n"
LINT = ["lint", "c"]
SCHEMA = '{"type": "object", "properties": {"a": {"type": "integer"}, "b": {"enum": ["x", "y"]}}, "required": ["a", "b"]}'


def chart(metadata=CHART, template=MAP, **files):
    """Files of a chart `c`; keyword names are paths with `__` for `/` and `_` for `.`."""
    made = {"c/Chart.yaml": metadata, "c/values.yaml": "x: 1\n", "c/templates/a.yaml": template}
    for path, text in files.items():
        made["c/" + path.replace("__", "/").replace("_", ".")] = text
    return {path: text for path, text in made.items() if text is not None}


def metadata(line):
    return chart(CHART + line + "\n")


def cases():
    """name: (files, arguments)"""
    yield "sound", chart(), LINT
    yield "nothing", {"c/x": ""}, LINT
    yield "no-path", {"c/x": ""}, ["lint", "nope"]
    yield "quiet", chart("apiVersion: v2\nname: c\nversion: 1.2.3\n"), ["lint", "--quiet", "c"]
    yield "strict", chart(template=MAP.replace("name: a", "name: A")), ["lint", "--strict", "c"]
    yield "two-charts", chart() | {"d/Chart.yaml": CHART.replace("name: c", "name: d")}, ["lint", "c", "d"]
    for number, text in enumerate(["apiVersion: v2\n", "name: c\nversion: 1.0.0\n", "apiVersion: v2\nname: a/b\nversion: 1.0.0\n", "apiVersion: v2\nname: c\nversion: 1.0\n",
                                   "apiVersion: v2\nname: c\nversion: x.y\n", "apiVersion: v2\nname: c\nversion: 0.0.0-0\n", "apiVersion: v2\nname: c\nversion: v1.2\n", "apiVersion: v1\nname: c\nversion: 1.0.0\ntype: library\n", "a: [\n",
                                   "", "apiVersion: v2\nname: [c]\nversion: 1.0.0\n", "apiVersion: v2\nname: c\nversion: 1.0.0\nname: d\n", "apiVersion: v2\nname: c\nversion: 1.0.0\nnope: 1\n", "apiVersion: v2\nname: c\nversion: null\n",
                                   "apiVersion: v2\nname: c\nversion: true\n", "apiVersion: v1\nname: c\nversion: 1.0.0\ndependencies: [{name: d, version: 1.0.0}]\n", "apiVersion: v2\nname: c\nversion: 1.0.0\ntype: x\n"]):
        yield "metadata-%d" % number, chart(text), LINT
        yield "load-%d" % number, chart(text), ["template", "c"]
        yield "show-%d" % number, chart(text), ["show", "chart", "c"]
    for number, line in enumerate(["appVersion: 1.10", "appVersion: [1]", "maintainers: [{email: a@b.c}]", "maintainers: [null]", "maintainers: [{name: m, email: nope}]", "maintainers: [{name: m, email: a@b.c, url: 'nope url'}]",
                                   "maintainers: [{name: m, url: 'http://x.y:99/p?q#f'}]", "maintainers: [{name: m, url: github.com/x}]", "maintainers: [{name: m, url: localhost}]", "maintainers: [{name: m, email: 'a b@c.d'}]",
                                   "sources: ['']", "sources: [nope]", "sources: ['http://a/b#c']", "icon: nope", "icon: /path", "icon: ''", "keywords: x", "annotations: [a]", "annotations: {a: 1, b: null}", "deprecated: x",
                                   "dependencies: [{name: d, version: 1.0.0}]", "dependencies: [{name: d, version: 1.0.0}, {name: d, version: 2.0.0}]", "dependencies: [null]", "dependencies: [{name: d, alias: 'a b'}]",
                                   "dependencies: [{name: d, version: 1.0.0, tags: x}]", "dependencies: [{name: d, nope: x}]", "kubeVersion: '<1.0'", "kubeVersion: nope", "description: |\n  two\n  lines", "type: library", "home: 5"]):
        yield "field-%d" % number, metadata(line), LINT
        yield "field-load-%d" % number, metadata(line), ["template", "c"]
        yield "field-show-%d" % number, metadata(line), ["show", "all", "c"]
    yield "api-version", chart("apiVersion: v9\nname: c\nversion: 1.0.0\n"), ["template", "c"]
    yield "no-values", chart(values_yaml=None), LINT
    for number, text in enumerate(["a: [", "- a\n", "x", "a: {{ b }}\n", "a: 1\na: 2\n", "\ta: 1\n", "a: b: c\n", "a: 'x\n", "a: *x\n"]):
        yield "values-%d" % number, chart(values_yaml=text), LINT
        yield "values-load-%d" % number, chart(values_yaml=text), ["template", "c"]
        yield "values-file-%d" % number, chart() | {"v.yaml": text}, ["template", "c", "-f", "v.yaml"]
    for number, text in enumerate(["", "a: x\nb: z\n", "a: 1\nb: x\n", "a: 1.5\n"]):
        yield "schema-%d" % number, chart(values_yaml=text, values_schema_json=SCHEMA), LINT
        yield "schema-load-%d" % number, chart(values_yaml=text, values_schema_json=SCHEMA), ["template", "c"]
        yield "schema-skip-%d" % number, chart(values_yaml=text, values_schema_json=SCHEMA), ["lint", "--skip-schema-validation", "c"]
    for number, text in enumerate(["{", '{"type": 5}', '{"$ref": "#/nope"}', '{"type": "objekt"}', '{"pattern": "("}', "true", "false", '{"required": "a"}', '{"minimum": "1"}', '{"$ref": "file:///nope.json"}', "[]", '{"properties": {"x": {"type": "strin"}, "y": 5}}', '{"$schema": "http://json-schema.org/draft-07/schema#", "minLength": -1, "items": 5}',
                                   '{"$schema": "http://json-schema.org/draft-04/schema#", "required": [], "exclusiveMinimum": true}', '{"$schema": "https://json-schema.org/draft/2019-09/schema", "enum": "x", "dependencies": {"a": 1}}',
                                   '{"$schema": "http://json-schema.org/draft-06/schema#", "pattern": "(", "multipleOf": 0}', '{"patternProperties": {"a": 1}, "enum": []}', '{"type": ["string", "string"], "additionalProperties": 1}', ""]):
        yield "bad-schema-%d" % number, chart(values_schema_json=text), LINT
        yield "bad-schema-load-%d" % number, chart(values_schema_json=text), ["template", "c"]
    for number, text in enumerate(["  a: 1\n", "a: [\n", MAP + "  labels: {a: 1\n", MAP + "---\n" + MAP.replace("name: a", "name: A_b"), MAP.replace("kind: ConfigMap", "kind: Service").replace("name: a", "name: 1a"),
                                   MAP.replace("kind: ConfigMap", "kind: Namespace").replace("name: a", "name: a.b"), MAP.replace("kind: ConfigMap", "kind: Role").replace("name: a", "name: a/b%"), MAP.replace("kind: ConfigMap", "kind: ClusterRole").replace("name: a", "name: '..'"),
                                   MAP.replace("kind: ConfigMap", "kind: Deployment").replace("v1", "apps/v1"), "apiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: a}\n", "apiVersion: extensions/v1beta1\nkind: Ingress\nmetadata: {name: a}\n",
                                   "apiVersion: autoscaling/v2beta1\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\n", "apiVersion: v1\nkind: List\nitems: [{metadata: {annotations: {helm.sh/resource-policy: keep}}}]\n", "metadata: x\n", "kind: [a]\n", "metadata: {name: [a]}\n",
                                   "---\n---\n", "--- # c\n" + MAP, "---x\n" + MAP, "# only\n", "{{ .Values.nope.x }}\n", "{{ fail \"no\" }}", "x: {{ required \"need\" .Values.nope }}\n", "{{ if }}\n", "{{ .Release.Time }}\n", 'helm.sh/hook: crd-install\n',
                                   MAP.replace("name: a", "name: " + "a" * 300), "null\n", "5\n", "- a\n", "kind: {{ .Values }}\n", "{{ include \"nope\" . }}", "{{ .Values.x | nofunc }}", "\n\n   \n  x: 1\n", MAP.replace("  name: a", "  namespace: b"), "kind: CronJob\napiVersion: batch/v1beta1\nmetadata: {name: x}\n"]):
        yield "template-%d" % number, chart(template=text), LINT
        yield "template-strict-%d" % number, chart(template=text), ["lint", "--strict", "--kube-version", "1.20", "c"]
        yield "template-load-%d" % number, chart(template=text), ["template", "c"]
    deprecated = "deprecated: true\ndependencies:\n- {name: d, version: 1.2.3, condition: 'd.flag,nope', tags: [t], import-values: [nothing, {child: a.b, parent: p}]}\n"
    clash = {"c/values.yaml": "a: 1\nm: {x: 1, l: [1, {z: 1.5}], 'q w': {b: true}}\nf: {deep: {er: {k: v}}}\ntags: {t: 'a=b'}\nd: {flag: 'x \\n\"', s: {t: 1}, global: {g: 1, h: {x: 1}, m: {x: 1}}}\nglobal: {g: {a: 1}, h: 5, m: {x: {y: 1}}}\n",
             "c/charts/d/Chart.yaml": CHART.replace("name: c", "name: d") + "deprecated: true\n", "c/charts/d/values.yaml": "s: 5\nu: {v: 1}\n", "c/charts/d/requirements.yaml": "dependencies: []\n", "c/charts/d/requirements.lock": "dependencies: []\n",
             "c/templates/h.yaml": MAP + "  annotations: {helm.sh/hook: 'never, more'}\n", "u.yaml": "a: {b: 1}\nm: {x: {y: 1}, l: {z: 1}, 'q w': 5}\nf: {deep: {er: é}}\nd: {u: 3}\n",
             "c/templates/i.yaml": "{{ if not .Release.IsInstall }}{{ fail \"no way\" }}{{ required \"\" .Values.none }}{{ required \"a=b\" \"\" }}{{ end }}"}
    links = {"c/linked.yaml": differential.Link("templates/a.yaml"), "c/files": differential.Link("./templates"), "c/out": differential.Link("../other"), "other/deep/x y.txt": "hi: 1\n", "other/again": differential.Link("deep/../deep"),
             "c/templates/n.txt": differential.Link("../../other/deep/x y.txt"), "c/.helmignore": "out\n", "l": differential.Link("c")}
    for number, arguments in enumerate([["template", "c"], ["template", "c", "-f", "u.yaml"], LINT, ["lint", "c", "-f", "u.yaml"], ["show", "values", "c"], ["template", "l"], ["lint", "l"], ["template", "c", "--set", "global=1"], ["template", "c", "--set", "d.global=1"]]):
        yield "clash-%d" % number, chart(CHART + deprecated) | clash, [word if word != "l" else "c" for word in arguments]
        yield "links-%d" % number, chart() | links | {"u.yaml": "x: {y: 1}\n"}, arguments
    shared = {"c/values.yaml": "d: {k: null, a: 1, b: 2}\n", "c/charts/d/Chart.yaml": CHART.replace("name: c", "name: d"), "c/charts/d/values.yaml": "k: 5\n", "c/charts/d/templates/x.yaml": "  k: {{ .Values.k }}-{{ .Values.a }}-{{ .Values.b }}\n"}
    for number, text in enumerate(["d: {u: 3}", "d: {a: null, b: 4}", "d: {k: null}"]):
        yield "lint-values-%d" % number, chart(CHART + "dependencies: [{name: d, version: 1.2.3}]\n", template="  d: {{ toJson .Values.d }}\n") | shared | {"u.yaml": text}, ["lint", "--strict", "c", "-f", "u.yaml"]
    for verb in ("v", "+v", "s", "q", "d", "x"):
        yield "print-chart-" + verb, chart(CHART + "appVersion: 1.10\nkeywords: [a]\nannotations: {b: c}\n", 'x: {{ printf "%%%s" .Chart | quote }}\n' % verb), ["template", "c"]
    yield "extension", chart(templates__x_json="{}", templates__y="a: 1", templates__z_yml="  a: 1\n"), LINT
    yield "no-templates", chart(template=None), LINT
    yield "templates-is-a-file", chart(template=None, templates="x"), LINT
    yield "null-default", chart(template="x: {{ .Values.x | quote }}\n" + MAP), ["lint", "c", "--set", "x=null"]
    sub = {"c/charts/d/Chart.yaml": CHART.replace("name: c", "name: d"), "c/charts/d/templates/b.yaml": MAP + "  bad: [\n"}
    yield "undeclared", chart() | sub, LINT
    yield "with-subcharts", chart() | sub, ["lint", "--with-subcharts", "c"]
    yield "stray", chart() | {"c/charts/README.md": "x"}, LINT
    yield "stray-load", chart() | {"c/charts/README.md": "x"}, ["template", "c"]
    yield "missing-load", metadata("dependencies: [{name: d, version: 1.0.0}, {name: e, version: 1.0.0}]"), ["template", "c"]
    for number, text in enumerate(["kind: CustomResourceDefinition\napiVersion: apiextensions.k8s.io/v1\n", "kind: Other\n", "a: [\n", "kind: {{ x }}\n", "---\nkind: CustomResourceDefinition\n"]):
        yield "crds-%d" % number, chart(crds__a_yaml=text), LINT
        yield "crds-show-%d" % number, chart(crds__a_yaml=text, crds__b_yaml=text, README_md="# c\n"), ["show", "crds", "c"]
        yield "crds-all-%d" % number, chart(crds__a_yaml=text, crds__b_yaml=text, README_md="# c\n"), ["show", "all", "c"]
    yield "crds-is-a-file", chart(crds="x"), LINT
    for part in ("values", "readme", "chart", "crds", "all"):
        yield "show-" + part, chart(readme_txt="hello"), ["show", part, "c"]
        yield "show-nothing-" + part, chart(values_yaml=None), ["show", part, "c"]
    for number, flags in enumerate([["--kube-version", "x"], ["--dry-run=nope"], ["a", "b", "c"], ["--name-template", "{{ 1 }}x"], ["--name-template", "{{ nope }}"], ["--name-template", "A B"], ["NAME"], ["x" * 54], ["--set", "a"], ["--set-file", "a=nope"],
                                    ["-f", "nope.yaml"], ["-s", "nope"], ["-s", "templates/*"], ["--generate-name"], ["r", "--generate-name"], ["--set-json", "a=1}"], ["--set-literal", "a"], ["-f", "c"], ["--no-hooks", "--skip-tests"], ["--description", "d", "--timeout", "1s"],
                                    ["--api-versions", "a/v1", "-a", "b/v1"], ["--is-upgrade"], ["--include-crds"], ["--output-dir", "out"], ["--output-dir", "out", "--release-name"], ["--render-subchart-notes"], ["--skip-crds", "--hide-notes"]]):
        extra = {"c/templates/h.yaml": MAP + "  annotations: {helm.sh/hook: test}\n---\n" + MAP, "c/templates/NOTES.txt": "n", "c/crds/x.yaml": "kind: CustomResourceDefinition\n",
                 "c/templates/z.yaml": "r: {{ toJson .Release }}\nv: {{ has \"a/v1\" .Capabilities.APIVersions }}\n"}
        yield "flags-%d" % number, chart() | extra, ["template"] + flags + ["c"]


def outcomes(options, only=None):
    """(name, verdict, explanation) of every case in both dialects."""
    work = [(name, files, arguments, dialect) for name, files, arguments in cases() if only in (None, name) for dialect in options.dialects.split(",")]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        yield from pool.map(lambda case: outcome(options, *case), work)


def outcome(options, name, files, arguments, dialect):
    folder = tempfile.mkdtemp(prefix="sluice-diff-")
    try:
        differential.write(folder, files)
        return (name,) + judge(*differential.Pair(options, dialect).both(arguments, folder), dialect)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def judge(theirs, ours, dialect):
    if theirs is None:
        return "unstable", ""
    if theirs.same(ours) and differential.ordered(theirs.out) == differential.ordered(ours.out):
        return ("same" if theirs.status == 0 else "error"), ""
    return "differ", "helm %s: %r\nours: %r" % (dialect, (theirs.status, theirs.out, theirs.error, theirs.log), (ours.status, ours.out, ours.error, ours.log))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--engine", required=True, type=shlex.split)
    parser.add_argument("--helm", required=True)
    parser.add_argument("--dialects", default="3,4")
    parser.add_argument("--only")
    options = parser.parse_args()
    differ = total = 0
    for name, verdict, why in outcomes(options, options.only):
        total += 1
        if verdict == "differ":
            differ += 1
            print("DIFFER: --only %s\n%s\n" % (name, why), flush=True)
    print("%d cases, %d differ" % (total, differ))
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
