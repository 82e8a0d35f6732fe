package console

import (
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"text911/callmodel"
	"text911/psap"
	"text911/psap/api"
)

// object keeps what is generated in a stable order: encoding/json sorts the members of a map.
type object = map[string]any

// generator makes JSON Schemas (draft 7, as AsyncAPI 3 has them) of the types that are written and
// read, with the comments on their fields as descriptions.
type generator struct {
	schemas  object
	comments map[string]string // "Type" or "Type.Field"
}

func newGenerator(t *testing.T) *generator {
	t.Helper()
	g := &generator{schemas: object{}, comments: map[string]string{}}
	for _, dir := range []string{"../../callmodel", "../../psap", "../api", "."} {
		files, err := filepath.Glob(dir + "/*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ParseComments)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, g.note)
		}
	}
	return g
}

// note keeps the comments of a struct type.
func (g *generator) note(n ast.Node) bool {
	spec, ok := n.(*ast.TypeSpec)
	if !ok {
		return true
	}
	s, ok := spec.Type.(*ast.StructType)
	if !ok {
		return true
	}
	for _, field := range s.Fields.List {
		text := oneLine(field.Doc.Text())
		if text == "" {
			text = oneLine(field.Comment.Text())
		}
		for _, name := range field.Names {
			if text != "" {
				g.comments[spec.Name.Name+"."+name.Name] = strings.TrimPrefix(text, name.Name+" is ")
			}
		}
	}
	return true
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

var enums = map[reflect.Type][]string{
	reflect.TypeFor[callmodel.Mode]():       {"1pcc", "3pcc"},
	reflect.TypeFor[callmodel.Bearer]():     {"msrp", "sms"},
	reflect.TypeFor[callmodel.Role]():       {"caller", "taker", "supervisor", "transfer_target", "system"},
	reflect.TypeFor[callmodel.Phase]():      {"", "queued", "claimed", "active", "closed"},
	reflect.TypeFor[callmodel.LegState]():   {"", "opening", "established", "broken", "closed"},
	reflect.TypeFor[callmodel.CauseClass](): {"normal", "ours", "theirs", "upstream", "unknown"},
	reflect.TypeFor[callmodel.AgentState](): {"ready", "paused", "offline"},
	reflect.TypeFor[callmodel.DeliveryState](): {
		"queued", "submitted", "accepted", "delivered", "displayed", "failed", "unknown"},
	reflect.TypeFor[callmodel.By](): {
		"texter", "taker", "transfer", "timeout", "network", "engine", "policy", "controller"},
}

// of returns the schema of a type; structs become components of their own.
func (g *generator) of(t reflect.Type) object {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return object{"type": "string", "format": "date-time"}
	case t == reflect.TypeFor[json.RawMessage]():
		return object{}
	case t == reflect.TypeFor[[]byte]():
		return object{"type": "string", "contentEncoding": "base64"}
	case enums[t] != nil:
		return object{"type": "string", "enum": enums[t]}
	}
	switch t.Kind() {
	case reflect.String:
		return object{"type": "string"}
	case reflect.Bool:
		return object{"type": "boolean"}
	case reflect.Int, reflect.Int64:
		return object{"type": "integer"}
	case reflect.Uint64:
		return object{"type": "integer", "minimum": 0}
	case reflect.Pointer:
		return g.of(t.Elem())
	case reflect.Slice:
		return object{"type": "array", "items": g.of(t.Elem())}
	case reflect.Struct:
		if t.Name() != "" && t.Name() == strings.ToUpper(t.Name()[:1])+t.Name()[1:] {
			return g.component(t)
		}
		return g.members(t)
	}
	panic("no schema for " + t.String())
}

// component puts a named struct among the schemas and returns a reference to it.
func (g *generator) component(t reflect.Type) object {
	name := t.Name()
	if _, ok := g.schemas[name]; !ok {
		g.schemas[name] = object{} // for types within themselves
		g.schemas[name] = g.members(t)
	}
	return ref(name)
}

func ref(name string) object { return object{"$ref": "#/components/schemas/" + name} }

// members is the schema of a struct by its json tags.
func (g *generator) members(t reflect.Type) object {
	properties, required := object{}, []string{}
	g.fields(t, properties, &required)
	s := object{"type": "object", "properties": properties}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

func (g *generator) fields(t reflect.Type, properties object, required *[]string) {
	for f := range structFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-":
			continue
		case name == "" && f.Anonymous:
			g.fields(f.Type, properties, required)
			continue
		}
		schema := g.of(f.Type)
		if text := g.comments[t.Name()+"."+f.Name]; text != "" {
			if _, isRef := schema["$ref"]; isRef {
				schema = object{"allOf": []any{schema}}
			}
			schema["description"] = text
		}
		properties[name] = schema
		if !strings.Contains(options, "omit") {
			*required = append(*required, name)
		}
	}
}

func structFields(t reflect.Type) func(func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if !yield(t.Field(i)) {
				return
			}
		}
	}
}

var _ = []any{psap.Agent{}, api.Command{}}
