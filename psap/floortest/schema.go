package floortest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"text911/psap/api"
)

// Schemas checks real frames against the published document, more strictly than readers should:
// members the document does not know are faults.
type Schemas struct {
	compiler *jsonschema.Compiler
	names    map[string]bool
	used     map[string]bool
}

const documentURL = "asyncapi.json"

// NewSchemas reads the schemas of the published document.
func NewSchemas(t testing.TB) *Schemas {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(api.AsyncAPI()))
	if err != nil {
		t.Fatal(err)
	}
	s := &Schemas{compiler: jsonschema.NewCompiler(), names: map[string]bool{}, used: map[string]bool{}}
	schemas, _ := dig(doc, "components", "schemas").(map[string]any)
	for name, schema := range schemas {
		s.names[name] = true
		closeUp(schema)
	}
	s.compiler.DefaultDraft(jsonschema.Draft7)
	s.compiler.AssertFormat()
	if err := s.compiler.AddResource(documentURL, doc); err != nil {
		t.Fatal(err)
	}
	return s
}

func dig(v any, path ...string) any {
	for _, p := range path {
		m, _ := v.(map[string]any)
		v = m[p]
	}
	return v
}

// closeUp lets every object have only the members that are described.
func closeUp(v any) {
	switch v := v.(type) {
	case map[string]any:
		if _, described := v["properties"]; described && v["additionalProperties"] == nil {
			v["additionalProperties"] = false
		}
		for _, inner := range v {
			closeUp(inner)
		}
	case []any:
		for _, inner := range v {
			closeUp(inner)
		}
	}
}

// Check holds a JSON text against the schema of a name.
func (s *Schemas) Check(name string, raw []byte) error {
	if !s.names[name] {
		return fmt.Errorf("the document has no schema %q", name)
	}
	s.used[name] = true
	schema, err := s.compiler.Compile(documentURL + "#/components/schemas/" + name)
	if err != nil {
		return fmt.Errorf("schema %s: %w", name, err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return err
	}
	if err := schema.Validate(v); err != nil {
		return fmt.Errorf("against %s: %w", name, err)
	}
	return nil
}

// Event holds an event's envelope against the schema of its kind.
func (s *Schemas) Event(raw []byte) error {
	var e struct {
		Type string `json:"type"`
	}
	if err := json.Unmarshal(raw, &e); err != nil {
		return err
	}
	kind := strings.TrimSuffix(strings.TrimPrefix(e.Type, "text911."), ".v1")
	return s.Check("event."+kind, raw)
}

// Frame holds a WebSocket frame, with the event, command or reply in it, against the schemas. asked
// is the type of the command a reply is for.
func (s *Schemas) Frame(raw []byte, asked string) error {
	var f struct {
		Op    string          `json:"op"`
		Event json.RawMessage `json:"event"`
		Type  string          `json:"type"`
		Data  json.RawMessage `json:"data"`
		OK    bool            `json:"ok"`
	}
	if err := json.Unmarshal(raw, &f); err != nil {
		return err
	}
	if err := s.Check("frame."+f.Op, raw); err != nil {
		return err
	}
	switch {
	case f.Op == "event":
		return s.Event(f.Event)
	case f.Op == "command":
		return s.Check("command."+f.Type, f.Data)
	case f.Op == "reply" && f.OK:
		return s.Reply(asked, f.Data)
	}
	return nil
}

// Reply holds the data of a reply that is ok against the schemas.
func (s *Schemas) Reply(asked string, data []byte) error { return s.Check("reply."+asked, data) }

// Unused lists the schemas with a prefix that nothing was held against.
func (s *Schemas) Unused(prefix string) (names []string) {
	for name := range s.names {
		if strings.HasPrefix(name, prefix) && !s.used[name] {
			names = append(names, name)
		}
	}
	return names
}
