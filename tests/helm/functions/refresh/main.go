// Prints what Helm's template functions say of the expressions on standard input, one a line: the expression, then `= "text"` or `! "error"`.
// Lines that begin with #, = or ! are taken from no row: so a file of rows can be fed to its own refresh.
//
//	go run . < ../rows/strings.rows
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"text/template"

	"github.com/BurntSushi/toml"
	"github.com/Masterminds/sprig/v3"
	"sigs.k8s.io/yaml"
	yaml3 "sigs.k8s.io/yaml/goyaml.v3"
)

func functions() template.FuncMap {
	funcs := sprig.TxtFuncMap()
	funcs["toYaml"] = func(v any) string {
		data, err := yaml.Marshal(v)
		if err != nil {
			return ""
		}
		return strings.TrimSuffix(string(data), "\n")
	}
	funcs["toYamlPretty"] = func(v any) string {
		var out bytes.Buffer
		encoder := yaml3.NewEncoder(&out)
		encoder.SetIndent(2)
		if encoder.Encode(v) != nil {
			return ""
		}
		return strings.TrimSuffix(out.String(), "\n")
	}
	funcs["fromYaml"] = intoMap(func(text string, m *map[string]any) error { return yaml.Unmarshal([]byte(text), m) })
	funcs["fromJson"] = intoMap(func(text string, m *map[string]any) error { return json.Unmarshal([]byte(text), m) })
	funcs["fromToml"] = intoMap(func(text string, m *map[string]any) error { return toml.Unmarshal([]byte(text), m) })
	funcs["fromYamlArray"] = intoList(func(text string, l *[]any) error { return yaml.Unmarshal([]byte(text), l) })
	funcs["fromJsonArray"] = intoList(func(text string, l *[]any) error { return json.Unmarshal([]byte(text), l) })
	funcs["toToml"] = func(v any) string {
		var out bytes.Buffer
		if err := toml.NewEncoder(&out).Encode(v); err != nil {
			return err.Error()
		}
		return out.String()
	}
	return funcs
}

func intoMap(read func(string, *map[string]any) error) func(string) map[string]any {
	return func(text string) map[string]any {
		m := map[string]any{}
		if err := read(text, &m); err != nil {
			m["Error"] = err.Error()
		}
		return m
	}
}

func intoList(read func(string, *[]any) error) func(string) []any {
	return func(text string) []any {
		l := []any{}
		if err := read(text, &l); err != nil {
			return []any{err.Error()}
		}
		return l
	}
}

func evaluate(expression string, funcs template.FuncMap) (string, error) {
	parsed, err := template.New("t").Funcs(funcs).Parse("{{" + expression + "}}")
	if err != nil {
		return "", err
	}
	var out bytes.Buffer
	err = parsed.Execute(&out, nil)
	return out.String(), err
}

func main() {
	funcs := functions()
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if strings.HasPrefix(line, "#") || line == "" {
			fmt.Println(line)
			continue
		}
		if strings.HasPrefix(line, "= ") || strings.HasPrefix(line, "! ") {
			continue
		}
		out, err := evaluate(line, funcs)
		if err == nil {
			fmt.Printf("%s\n= %q\n", line, out)
			continue
		}
		reason := err.Error()
		if at := strings.LastIndex(reason, "error calling "); at >= 0 {
			reason = reason[at+len("error calling "):]
			reason = reason[strings.Index(reason, ": ")+2:]
		}
		fmt.Printf("%s\n! %q\n", line, reason)
	}
}
