// Asks text/template again: `go run . ../go.rows > new.rows` takes the templates of the rows and prints them with what Go makes of them.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"runtime"
	"strings"
	"text/template"
)

// The data and the functions of rows_test.cpp.
const data = `{"s":"hello","n":3,"big":1000000,"z":0,"e":"","t":true,"f":false,"nul":null,"l":["a","b","c"],"le":[],"me":{},
"m":{"a":1,"b":{"c":"x"},"nul":null},"lm":[{"n":"x"},{"n":null},{}],"lx":[1,"a",null,[2],{"k":"v"}],"fl":1.5,"uni":"é😀\u0000\u001f\u200b"}`

var functions = template.FuncMap{
	"any":   func(a any) any { return a },
	"str":   func(a string) string { return "s:" + a },
	"int1":  func(a int) int { return a },
	"i64":   func(a int64) int64 { return a },
	"f64":   func(a float64) float64 { return a },
	"bool1": func(a bool) bool { return a },
	"dict1": func(a map[string]any) map[string]any { return a },
	"list1": func(a []any) []any { return a },
	"u32":   func(a uint32) uint32 { return a },
	"list":  func(a ...any) []any { return a },
	"fail":  func(a string) (string, error) { return "", fmt.Errorf("%s", a) },
	"strs":  func(a string) []string { return strings.Split(a, ",") },
	"two":   func(a string, b ...int) string { return fmt.Sprint(a, b) },
	"none":  func() string { return "none" },
	"smap":  func() map[string]string { return map[string]string{"a": "1"} },
}

func render(text string) string {
	var values map[string]any
	if err := json.Unmarshal([]byte(data), &values); err != nil {
		panic(err)
	}
	parsed, err := template.New("t").Option("missingkey=zero").Funcs(functions).Parse(text)
	if err != nil {
		return "ERR " + err.Error()
	}
	var out strings.Builder
	if err := parsed.Execute(&out, values); err != nil {
		return "ERR " + err.Error()
	}
	return out.String()
}

var escape = strings.NewReplacer(`\`, `\\`, "\t", `\t`, "\n", `\n`, "\r", `\r`, "\x00", `\0`)
var unescape = strings.NewReplacer(`\\`, `\`, `\t`, "\t", `\n`, "\n", `\r`, "\r", `\0`, "\x00")

func main() {
	file, err := os.Open(os.Args[1])
	if err != nil {
		panic(err)
	}
	fmt.Printf("# text/template of Go %s, printed by refresh/main.go: a template, a tab, and what it writes or \"ERR \" and the error. "+
		"\\n \\t \\r \\0 \\\\ are escapes.\n", strings.TrimPrefix(runtime.Version(), "go"))
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		text, _, found := strings.Cut(lines.Text(), "\t")
		if found && !strings.HasPrefix(text, "#") {
			fmt.Printf("%s\t%s\n", text, escape.Replace(render(unescape.Replace(text))))
		}
	}
}
