"""Random but plausible charts: files, and the arguments of `helm template` to render them with."""
import json

import random_templates

VALUES = """name: web
port: 8080
big: 12345678901
ratio: 0.25
on: true
off: false
nul: null
empty: ""
tmpl: "{{ .Release.Name }}/{{ .Values.name }}"
list: [c, a, b]
numbers: [3, 1, 2, 1.5]
mixed: [1, a, null, true, [x], {k: v}]
map: {a: 1, b: two, 10: ten, y: z, nul: null}
nested: {deep: {er: {most: 1}}, list: [{name: a, v: 1}, {name: b, v: 2}], scalar: x}
labels: {app.kubernetes.io/name: web, x-y: "1"}
empties: {list: [], map: {}, text: "", zero: 0}
oct: 0755
exp: 1e3
text: |
  line 1
    line 2

"""
HELPERS = """{{- define "c.name" -}}{{ .Chart.Name | default "none" | trunc 63 | trimSuffix "-" }}{{- end -}}
{{ define "c.labels" }}
app: {{ include "c.name" . }}
release: {{ .Release.Name | quote }}
{{ end }}
"""


def base_chart(rng):
    """The chart `c` that batches of small templates are put into."""
    metadata = "apiVersion: v2\nname: c\nversion: %s\nappVersion: %s\n" % (rng.choice(["1.2.3", "0.1.0-rc.1+x"]), rng.choice(["1.10", '"2.0"', "v3"]))
    if rng.random() < 0.5:
        metadata += "annotations: {a: b, n: 1}\nmaintainers: [{name: m, email: m@x.y}]\n"
    return {"c/Chart.yaml": metadata, "c/values.yaml": VALUES, "c/templates/_helpers.tpl": HELPERS, "c/files/a.txt": "one\ntwo\n"}


SCALARS = ["1", "0", "-3", "1.5", "1e3", "0755", "0x1f", "0o17", "1_000", "1000000", "12345678901234567890", "true", "false", "yes", "n", "on", "null", "~", "", "a", '"b"', "'c d'", '"1"', '"true"', '"null"', "2001-01-01",
           "12:30:45", '""', "é", "1.10", "'{{ .Release.Name }}'", '"{{ .Values.a }}"', "[]", "{}", "[1, two, null]", "{x: 1, y: 2}", "[{n: 1}, {n: 2}]", "!!str 5", "&anchor v", "08", "\"tab\\there\"", "|\n{i}  block\n{i}  text"]
KEYS = ["a", "b", "c", "d", "enabled", "global", "list", "1", "y", "A-b", "x.y", "tags", "exports", "'quoted key'"]


class Values:
    """Writes a YAML map of random values. `keys` are names of subcharts, whose values are nearly always maps."""

    def __init__(self, rng, malice, keys=()):
        self.rng = rng
        self.malice = malice
        self.keys = list(keys)

    def map(self, depth, indent=""):
        rng = self.rng
        keys = rng.sample(KEYS, rng.randint(1, 6))
        keys += [key for key in self.keys if key not in keys and rng.random() < 0.6]
        return "".join(self.entry(key, depth, indent) for key in keys)

    def entry(self, key, depth, indent):
        rng = self.rng
        if key == "tags" and not indent:
            return "%stags: {front: %s, back: %s}\n" % (indent, rng.choice(["true", "false", "null", "x"]), rng.choice(["true", "false"]))
        if key in ("global", "exports") or key in self.keys:
            nested = rng.random() >= 0.3 * self.malice
        else:
            nested = rng.random() < 0.3
        if key in self.keys and nested and depth <= 0:
            return "%s%s: {}\n" % (indent, key)
        if depth > 0 and nested:
            return "%s%s:\n%s" % (indent, key, self.map(depth - 1, indent + "  "))
        if key == "enabled":
            return "%senabled: %s\n" % (indent, rng.choice(["true", "true", "false", "null", "maybe"]))
        if rng.random() < 0.15:
            return "%s%s:\n%s" % (indent, key, "".join("%s- %s\n" % (indent, scalar.replace("{i}", indent)) for scalar in rng.sample(SCALARS, 3) if not scalar.startswith("&")))
        return "%s%s: %s\n" % (indent, key, rng.choice(SCALARS).replace("{i}", indent).replace("&anchor", "&anchor%d" % rng.randint(0, 9999)))


KINDS = ["ConfigMap", "Deployment", "Service", "Secret", "Job", "Namespace", "CustomResourceDefinition", "Widget", "Alpha", "ClusterRole", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "Ingress", "Pod", "List", "StorageClass"]
HOOKS = ["pre-install", "post-install,pre-upgrade", "test", "test-success", "crd-install", "Pre-Install", "", "pre-delete, post-delete", "test-failure"]


class Chart:
    """One chart with what lies in its charts/. `malice` (0 to 1) says how much of it is wrong."""

    def __init__(self, rng, name, depth, malice):
        self.rng, self.name, self.malice = rng, name, malice
        self.files = {}
        self.subcharts = [Chart(rng, child, depth - 1, malice) for child in rng.sample(["sub", "dep", "lib", "zed"], rng.choice([0, 0, 1, 1, 2, 3]))] if depth > 0 else []
        self.version = rng.choice(["1.2.3", "0.1.0", "v2.0.0", "1.0.0-rc.1", "1.2", "1"])
        self.is_library = name == "lib" and rng.random() < 0.7
        self.make()

    def wrong(self, chance):
        return self.rng.random() < chance * self.malice

    def make(self):
        rng = self.rng
        self.files["Chart.yaml"] = self.metadata()
        names = [child.name for child in self.subcharts] + ["web", "back"]
        if rng.random() < 0.9:
            self.files["values.yaml"] = Values(rng, self.malice, names).map(2) + ("---\na: second document\nz: 1\n" if rng.random() < 0.07 else "")
        if rng.random() < 0.05 or self.wrong(0.2):
            self.files["values.schema.json"] = self.schema()
        self.files["templates/_helpers.tpl"] = '{{- define "%s" -}}%s-{{ .Chart.Name }}{{- end }}\n' % (rng.choice(["shared.name", self.name + ".name"]), self.name) + HELPERS
        for number in range(rng.randint(1, 4)):
            self.files["templates/%s%d.yaml" % (rng.choice("abmz"), number)] = self.template()
        self.files["templates/show.yaml"] = self.shown()
        if rng.random() < 0.5:
            self.files["templates/NOTES.txt"] = "Thanks for {{ .Chart.Name }}\n"
        if rng.random() < 0.3:
            self.files["templates/sub dir/t.yml"] = self.document()
            self.files["templates/tests/t.yaml"] = self.document("test")
        if rng.random() < 0.4:
            self.files["crds/%s.yaml" % rng.choice(["a", "b"])] = rng.choice(["", "---\n"]) + "kind: CustomResourceDefinition\nmetadata: {name: %s.x}\n%s" % (self.name, rng.choice(["", "---\nkind: Other\n", "\n\n"]))
        for path in rng.sample(["files/a.txt", "files/b.bin", "files/sub/c.txt", "README.md", "LICENSE", ".hidden", "docs/x.yaml"], rng.randint(0, 4)):
            self.files[path] = rng.choice(["text of %s\nline 2\n" % path, "", b"\x00\xff\xfe binary", "\ufeffwith bom", "a\r\nb\r\n", "x: {{ not }}\n", "no newline"])
        if rng.random() < 0.15:
            self.files[".helmignore"] = rng.choice(["*.txt\n", "# c\n/files\n", "docs/\n", "files/*.bin\n", ".hidden\n", "templates/z*\n", "b*/\n"])
        if self.wrong(0.1):
            self.files[".helmignore"] = rng.choice(["**\n", "[a-\n", "docs/\n!nope\n"])
        for child in self.subcharts:
            for path, text in child.files.items():
                self.files["charts/%s/%s" % (child.name, path)] = text

    def metadata(self):
        rng = self.rng
        lines = ["apiVersion: %s" % rng.choice(["v2"] * 12 + ["v1"]), "name: " + self.name, "version: " + self.version]
        if self.is_library:
            lines.append("type: library")
        for chance, line in ((0.4, "appVersion: " + rng.choice(["1.10", '"1.10"', "v1", "1e3", "2024-01-01", "true"])), (0.2, "kubeVersion: '" + rng.choice([">=1.20", ">=1.20-0", "^1.28", ">= 1.25.0 < 2"] if not self.wrong(0.5) else ["<1.10", "x", ""]) + "'"),
                             (0.2, "description: " + rng.choice(["A chart", "|\n  two\n  lines", "'tab\there'"])), (0.2, "keywords: [k1, 2, true]"), (0.2, "annotations: {a: b, n: 1, t: true}"),
                             (0.2, "maintainers: [{name: m, email: m@x.y, url: http://u}]"), (0.1, "deprecated: true"), (0.1, "icon: http://i/x.png"), (0.1, "home: http://h"), (0.1, "sources: [http://s]"), (0.1, "unknown: 1"),
                             (0.1, "type: application")):
            if rng.random() < chance and not (line.startswith("type") and self.is_library):
                lines.append(line)
        entries = [self.dependency(child) for child in self.subcharts if rng.random() < 0.75]
        if entries and rng.random() < 0.15:
            entries.append(self.dependency(rng.choice(self.subcharts), "again"))
        if self.wrong(0.1):
            entries.append("- name: absent\n  version: 1.0.0\n")
        if entries:
            lines.append("dependencies:\n" + "".join(entries).rstrip("\n"))
        return "\n".join(lines) + "\n"

    def dependency(self, child, alias=None):
        rng = self.rng
        text = "- name: %s\n  version: %s\n  repository: %s\n" % (child.name, rng.choice(["'*'", '">=0-0"', child.version, "~1", '""', "9.9.9", "'>=0.0.1'"]), rng.choice(['""', "https://x/y", "file://../x"]))
        if alias or rng.random() < 0.25:
            text += "  alias: %s\n" % (alias or (rng.choice(["web", "back"]) if self.wrong(1) else child.name + "2"))
        if rng.random() < 0.4:
            text += "  condition: %s\n" % rng.choice(["enabled", child.name + ".enabled", child.name + "2.enabled,enabled", "global.enabled", "a.b", "%s.a , enabled" % child.name])
        if rng.random() < 0.3:
            text += "  tags: [front%s]\n" % rng.choice(["", ", back", ", other"])
        if rng.random() < 0.3:
            text += "  import-values:\n" + rng.choice(["  - a\n", "  - data\n  - b\n", "  - child: a\n    parent: imported\n", "  - child: exports.a\n    parent: .\n", "  - child: b\n    parent: a.b\n", "  - child: nope\n    parent: x\n", "  - 5\n"])
        return text

    def schema(self):
        rng = self.rng
        rules = {"a": rng.choice([{"type": "integer"}, {"type": "string"}, {"type": ["string", "null", "number"]}, {"enum": [1, "a", None]}, {"minimum": 1}, {"maxLength": 1}]),
                 "b": rng.choice([{"type": "object"}, {"type": "array", "items": {"type": "string"}, "minItems": 4, "uniqueItems": True}, {"pattern": "^[a-c]$"}, {"const": "b"}, True, False]),
                 "enabled": {"type": "boolean"}, "global": {"$ref": "#/$defs/g"}}
        schema = {"$schema": rng.choice(["http://json-schema.org/draft-07/schema#", "https://json-schema.org/draft/2020-12/schema", "http://json-schema.org/schema#"]), "type": "object", "$defs": {"g": {"type": "object"}},
                  "properties": {key: rules[key] for key in rng.sample(sorted(rules), 1)}}
        if rng.random() < 0.2:
            schema["required"] = [rng.choice(["a", "nope"])]
        if rng.random() < 0.1:
            schema["additionalProperties"] = False
        return json.dumps(schema, indent=1)

    def shown(self):
        rng = self.rng
        parts = ["{{ toYaml .Values | nindent 2 }}", "{{ .Values | toJson | quote }}", "{{ keys .Values | sortAlpha | join \",\" | quote }}", "{{ .Chart.Name }}-{{ .Chart.Version }}", "{{ .Chart.AppVersion | quote }}", "{{ toJson .Release }}",
                 '{{ include "shared.name" . | quote }}' if self.wrong(0.5) else '{{ include "c.name" . | quote }}', "{{ .Files.Glob \"**\" | len }}", '{{ (.Files.Glob "files/*").AsConfig | nindent 2 }}', '{{ (.Files.Glob "**.txt").AsSecrets | nindent 2 }}',
                 '{{ .Files.Get "README.md" | b64enc | quote }}', '{{ .Files.Lines "files/a.txt" | toJson }}', "{{ keys .Subcharts | sortAlpha | toJson }}", "{{ .Chart.Dependencies | toJson | quote }}" if rng.random() < 0.1 else "{{ .Chart.Name | upper }}",
                 "{{ .Template.Name }} {{ .Template.BasePath }}", '{{ .Capabilities.APIVersions.Has "apps/v1" }}', '{{ .Capabilities.APIVersions.Has "example.com/v1" }}', "{{ .Capabilities.KubeVersion }} {{ .Capabilities.KubeVersion.Minor | quote }}",
                 "{{ .Values.global | toJson }}", "{{ toYaml .Chart.Annotations | nindent 2 }}", "{{ .Chart.IsRoot }}", "{{ .Release.IsUpgrade }}", "{{ .Chart.Type | quote }}", "{{ .Chart.Keywords | toJson }}", "{{ .Chart.Maintainers | toJson }}",
                 "{{ .Values.a | quote }}", "{{ .Values.b }}", "{{ .Capabilities.KubeVersion.Version }}", "{{ .Capabilities.HelmVersion.Version }}", "{{ range $k, $v := .Subcharts }}{{ $k }}={{ toJson $v.Values.global }};{{ end }}"]
        chosen = ["values: {{ toYaml .Values | nindent 2 }}"] + ["v%d: %s" % (i, part) for i, part in enumerate(rng.sample(parts, rng.randint(2, 7)))]
        return "\n".join(chosen) + "\n"

    def document(self, hook=None):
        rng = self.rng
        kind = rng.choice(KINDS)
        lines = ["apiVersion: v1", "kind: " + kind, "metadata:", "  name: " + rng.choice(['{{ include "c.name" . }}', self.name, "n%d" % rng.randint(0, 9)])]
        if hook or rng.random() < 0.25:
            lines += ["  annotations:", '    "helm.sh/hook": "%s"' % (hook or rng.choice(HOOKS)), '    "helm.sh/hook-weight": %s' % rng.choice(['"-5"', "3", '"x"', '"10"'])]
            if rng.random() < 0.3:
                lines.append('    "helm.sh/hook-delete-policy": before-hook-creation,hook-succeeded')
        if rng.random() < 0.1:
            lines[-1] += rng.choice([" # c", "  ", "\n  namespace: x"])
        if self.wrong(0.15):
            lines[-1] += rng.choice(["\n  bad", "\n\tx: 1", ": x", "\n  name: again", "\n  labels: {a: 1", "\n  x: [1,\n 2\n", "\n  'x: 1", "\n  *a", "\n@x: 1", "\n  %x", "\n - a: 1\n   b", "\n  annotations: [a]", "\nmetadata: x", "\nkind: [a]", "\n  {{ .Values.a }}"])
        if rng.random() < 0.2:
            lines.append(rng.choice(["data: {{ toJson .Values.a }}", "{{- if .Values.enabled }}\non: true\n{{- end }}", "spec: {{- toYaml .Values.b | nindent 2 }}", "x: |\n  a\n  --- b\n  c", "# comment only", 
                                     "{{ with .Values.list }}\nl:\n{{ toYaml . | indent 2 }}{{ end }}", "list: {{ .Values.list | quote }}", "data: {{ tpl (toString .Values.c) . | quote }}"]))
        if self.wrong(0.15):
            lines.append(rng.choice(["data: {{ required \"need d\" .Values.d }}", "x: {{ .Values.nope.x }}", "list: {{ .Values.list }}", "f: {{ fail \"stop here\" }}", "{{ if }}", "{{ include \"nope\" . }}", "{{ .Values.a.b.c }}", "{{ .Chart.Nope }}",
                                     "x: {{ index .Values.list 5 }}", "{{ end }}", "{{ range .Values.a }}", "{{ nofunc }}", "{{ \"x }}", "{{ tpl \"{{ .Values.nope.x }}\" . }}", "{{ template \"nope\" . }}", "x: {{ toYaml .Values }}", "{{ .Values.list | first }}: x: y"]))
        return "\n".join(lines) + rng.choice(["\n", "", "\n\n", "  \n"])

    def template(self):
        rng = self.rng
        if self.wrong(0.3):
            return random_templates.Templates(rng).block(2)
        separators = ["---\n", "---\n", "--- # c\n", "\n---\n\n", "---  \n", "---\n---\n", "---\n# only a comment\n---\n", "---\r\n", " ---\n", "{{ if false }}x{{ end }}\n---\n"]
        text = rng.choice(["", "", "---\n", "# head\n", "\n\n", "{{- /* c */ -}}\n", "   "])
        for number in range(rng.randint(1, 3)):
            text += (rng.choice(separators) if number else "") + self.document()
            if not text.endswith("\n") and not self.wrong(0.2):
                text += "\n"
        return text


def whole_chart(rng):
    """(files below the working directory, arguments)"""
    malice = rng.choice([0, 0, 0, 0, 0.1, 0.3, 1])
    chart = Chart(rng, "top", 2, malice)
    if chart.is_library:
        chart.files["Chart.yaml"] = chart.files["Chart.yaml"].replace("type: library\n", "")
    files = {"top/" + path: text for path, text in chart.files.items()}
    arguments = ["template"] + ["rel"] * (rng.random() < 0.8) + ["top"]
    names = [child.name for child in chart.subcharts] + ["web"]
    if rng.random() < 0.2 * malice:
        files["top/values.yaml"] = files.get("top/values.yaml", "") + rng.choice(["tmpl: {{ .Release.Name }}\n", "x: {{ .Values.a | quote }}\n", "? [a, 1]\n: b\n", "x: \"a\n", "\ta: b\n", "a: b: c\n", "l: [a\n", "x: *none\n", "- a\n"])
    for number in range(rng.choice([0, 0, 1, 1, 2])):
        files["v%d.yaml" % number] = Values(rng, malice, names).map(2)
        arguments += ["-f", "v%d.yaml" % number]
    for _ in range(rng.choice([0, 0, 0, 1, 2])):
        flag, texts = rng.choice([("--set", ["a=1", "a=null", "b=null,c=null", "list={1,b,true}", "sub.a=null", "tags.front=false", "enabled=true", "global.a=g", "a=1,b=2", "sub2.enabled=false", "c=1.5", "a=x\\,y", "sub.b.c=null", "global=null"] if rng.random() >= malice else ["a", "b.c=x", "b[0].n=1", "dep=null", "list[1]=z", "a=1,", "a[-1]=1", "a[999999]=1", "a.b[", "=1", "a..b=1", "a={", "a.b=1,a=2,a.b=3", "sub=x"]),
                                  ("--set-string", ["a=1", "b.c=true", "list={1,2}", "a=null"]), ("--set-json", ['a={"x":[1,null]}', "list=[1,2]", "b=null", "a="] if rng.random() >= malice else ['{"a":1}', "a={", '{"a":', "a=1 2"]), ("--set-literal", ["a=x,y={z}", "b.c=1"]),
                                  ("--set-file", ["a=top/Chart.yaml"] if rng.random() >= malice else ["a=nope.txt", "a"])])
        arguments += [flag, rng.choice(texts)]
    for chance, words in ((0.2, ["--include-crds"]), (0.1, ["--skip-tests"]), (0.1, ["--no-hooks"]), (0.1, ["--is-upgrade"]), (0.15, ["-n", "prod"]), (0.15, ["--api-versions", "example.com/v1,a/v1"]),
                          (0.25, ["--kube-version", rng.choice(["1.30.0", "v1.29.3-gke.100", "1.33", "1.31.2+k3s1"] if rng.random() >= 0.3 * malice else ["x", "1", "1.2.3.4", ""])]), (0.07, ["--show-only", rng.choice(["templates/show.yaml", "templates/*.yaml", "templates/[a-n]*.yaml"] if rng.random() >= malice else ["templates/nope.yaml", "charts/*/templates/show.yaml", "[", "templates"])]),
                          (0.05, ["--skip-schema-validation"]), (0.05, ["--description", "x"])):
        if rng.random() < chance:
            arguments += words
    return files, arguments
