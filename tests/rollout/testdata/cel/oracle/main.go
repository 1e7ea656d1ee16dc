// Prints the cases of cases.tsv with what cel-go makes of them: cel-go's options are those of Flux.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/common/types/traits"
	"github.com/google/cel-go/ext"
)

func conv(v any) any {
	switch x := v.(type) {
	case json.Number:
		if i, err := x.Int64(); err == nil {
			return i
		}
		f, _ := x.Float64()
		return f
	case map[string]any:
		for k := range x {
			x[k] = conv(x[k])
		}
		return x
	case []any:
		for i := range x {
			x[i] = conv(x[i])
		}
		return x
	}
	return v
}

func show(v ref.Val) string {
	switch x := v.(type) {
	case types.Int:
		return fmt.Sprintf("%d", int64(x))
	case types.Uint:
		return fmt.Sprintf("%du", uint64(x))
	case types.Double:
		b, err := json.Marshal(float64(x))
		if err != nil {
			return fmt.Sprintf("double(%v)", float64(x))
		}
		s := string(b)
		if !strings.ContainsAny(s, ".e") {
			s += ".0"
		}
		return s
	case types.String:
		b := &strings.Builder{}
		e := json.NewEncoder(b)
		e.SetEscapeHTML(false)
		e.Encode(string(x))
		return strings.TrimSuffix(b.String(), "\n")
	case types.Bytes:
		return fmt.Sprintf("bytes(%x)", []byte(x))
	case types.Bool:
		return fmt.Sprintf("%v", bool(x))
	case types.Null:
		return "null"
	case types.Timestamp:
		return "timestamp(" + string(x.ConvertToType(types.StringType).(types.String)) + ")"
	case types.Duration:
		return "duration(" + string(x.ConvertToType(types.StringType).(types.String)) + ")"
	case *types.Type:
		return "type(" + x.TypeName() + ")"
	case *types.Optional:
		if !x.HasValue() {
			return "optional.none"
		}
		return "optional(" + show(x.GetValue()) + ")"
	case traits.Mapper:
		var keys []string
		it := x.Iterator()
		for it.HasNext() == types.True {
			k := it.Next()
			val, _ := x.Find(k)
			keys = append(keys, show(k)+": "+show(val))
		}
		sort.Strings(keys)
		return "{" + strings.Join(keys, ", ") + "}"
	case traits.Lister:
		var out []string
		it := x.Iterator()
		for it.HasNext() == types.True {
			out = append(out, show(it.Next()))
		}
		return "[" + strings.Join(out, ", ") + "]"
	}
	return fmt.Sprintf("%T(%v)", v, v)
}

// run evaluates one case as Flux does (fluxcd/pkg/runtime/cel).
func run(mode, expr string, object map[string]any) (out string) {
	defer func() {
		if r := recover(); r != nil {
			out = fmt.Sprintf("panic: %v", r)
		}
	}()
	opts := []cel.EnvOption{
		cel.HomogeneousAggregateLiterals(),
		cel.EagerlyValidateDeclarations(true),
		cel.DefaultUTCTimeZone(true),
		cel.CrossTypeNumericComparisons(true),
		cel.OptionalTypes(),
		ext.Strings(), ext.Sets(), ext.Encoders(),
	}
	vars := map[string]any{}
	switch mode {
	case "object":
		vars = object
	case "check":
		for _, name := range []string{"self", "dep"} {
			opts = append(opts, cel.Variable(name, cel.ObjectType("google.protobuf.Struct")))
			vars[name] = object
		}
	}
	env, err := cel.NewEnv(opts...)
	if err != nil {
		return "env: " + err.Error()
	}
	parse := env.Parse
	if mode == "check" {
		parse = env.Compile
	}
	e, iss := parse(expr)
	if iss != nil && iss.Err() != nil {
		return "parse error: " + iss.String()
	}
	typ := ""
	if mode == "check" {
		typ = " :: " + e.OutputType().String()
	}
	prog, err := env.Program(e, cel.EvalOptions(cel.OptOptimize), cel.InterruptCheckFrequency(100))
	if err != nil {
		return "program error: " + err.Error()
	}
	val, _, err := prog.Eval(vars)
	if err != nil {
		return "error: " + err.Error() + typ
	}
	return show(val) + typ
}

func quote(s string) string {
	b := &strings.Builder{}
	e := json.NewEncoder(b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func main() {
	file, err := os.Open("../object.json")
	if err != nil {
		panic(err)
	}
	d := json.NewDecoder(file)
	d.UseNumber()
	var object map[string]any
	if err := d.Decode(&object); err != nil {
		panic(err)
	}
	conv(object)
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		part := strings.Split(lines.Text(), "\t")
		var expr string
		if len(part) < 2 || json.Unmarshal([]byte(part[1]), &expr) != nil {
			fmt.Println(lines.Text())
			continue
		}
		fmt.Println(part[0] + "\t" + part[1] + "\t" + quote(run(part[0], expr, object)))
	}
}
