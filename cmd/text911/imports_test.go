package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// allowed is who may import whom inside the module. A package that is not listed may not exist;
// an import that is not listed may not be written. "…/x" and below it are listed one by one on
// purpose: a new edge is a decision, and this table is where it is made.
var allowed = map[string][]string{
	// level 1: values
	"callmodel":          {},
	"engine/msrp":        {},
	"psap/web":           {},
	"fixtures":           {},
	"fixtures/scenarios": {},
	// level 2: pure cores and codecs
	"callmodel/firstparty":    {"callmodel"},
	"callmodel/eventjson":     {"callmodel"},
	"callmodel/callmodeltest": {"callmodel"},
	"engine/msrp/content":     {"engine/msrp"},
	"engine/msrp/session":     {"engine/msrp"},
	"engine/sdpmsrp":          {"engine/msrp"},
	"engine/sipua":            {"callmodel"},
	"engine/location":         {"callmodel"},
	"psap":                    {"callmodel"},
	// level 3: runtime, log, bindings
	"engine":                {"callmodel", "callmodel/firstparty"},
	"engine/journal":        {"callmodel", "callmodel/eventjson"},
	"engine/msrp/transport": {"engine/msrp", "engine/msrp/session"},
	"psap/api":              {"callmodel", "callmodel/eventjson"},
	"psap/console":          {"callmodel", "callmodel/eventjson", "psap", "psap/api"},
	"psap/bus":              {"callmodel", "callmodel/eventjson", "psap", "psap/api"},
	// level 4: where protocols meet
	"engine/leg": {"callmodel", "engine/msrp", "engine/msrp/content", "engine/msrp/session", "engine/msrp/transport",
		"engine/sdpmsrp", "engine/sipua", "engine/location"},
	"esrp": {"callmodel"},
}

// Doubles and the binary may import what they imitate or wire; only tests and cmd import doubles.
func isDouble(pkg string) bool { return strings.HasSuffix(pkg, "test") }
func isCommand(pkg string) bool {
	return pkg == "cmd" || strings.HasPrefix(pkg, "cmd/")
}

// owner is the one package that may import a library, with its double where there is one.
var owner = map[string][]string{
	"github.com/emiago/sipgo":        {"engine/sipua"},
	"github.com/pion/sdp":            {"engine/sdpmsrp"},
	"github.com/gorilla/websocket":   {"psap/console", "psap/psaptest"},
	"github.com/fiorix/go-smpp":      {"smpp", "smpp/smpptest"},
	"github.com/nats-io/nats.go":     {"engine/journal", "psap/bus"},
	"github.com/nats-io/nats-server": {"engine/journal"},
}

// pure packages get time, randomness and I/O from outside.
var pure = []string{"callmodel", "callmodel/firstparty", "callmodel/eventjson", "engine/msrp", "engine/msrp/content", "engine/msrp/session"}

var impure = []string{"net", "os", "sync", "sync/atomic", "context", "log/slog", "log", "math/rand", "math/rand/v2", "crypto/rand", "net/http"}

type listed struct {
	ImportPath string
	Imports    []string
}

func packages(t *testing.T) []listed {
	t.Helper()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "text911/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
}

// broken returns the rules a package's imports break, in words.
func broken(pkg string, imports []string) (faults []string) {
	may, known := allowed[pkg]
	if !known && !isDouble(pkg) && !isCommand(pkg) {
		return []string{pkg + ": not in the table of packages"}
	}
	for _, imp := range imports {
		own, ours := strings.CutPrefix(imp, "text911/")
		switch {
		case ours && isDouble(own) && !isDouble(pkg) && !isCommand(pkg):
			faults = append(faults, fmt.Sprintf("%s imports the double %s", pkg, own))
		case ours && !isDouble(pkg) && !isCommand(pkg) && !slices.Contains(may, own):
			faults = append(faults, fmt.Sprintf("%s may not import %s", pkg, own))
		}
		for lib, owners := range owner {
			if (imp == lib || strings.HasPrefix(imp, lib+"/")) && !slices.Contains(owners, pkg) {
				faults = append(faults, fmt.Sprintf("%s imports %s, which belongs to %v", pkg, imp, owners))
			}
		}
		if slices.Contains(pure, pkg) && slices.Contains(impure, imp) {
			faults = append(faults, fmt.Sprintf("%s is pure and imports %s", pkg, imp))
		}
	}
	return faults
}

func TestImportRules(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range packages(t) {
		pkg := strings.TrimPrefix(p.ImportPath, "text911/")
		seen[pkg] = true
		for _, f := range broken(pkg, p.Imports) {
			t.Error(f)
		}
	}
	for pkg := range allowed {
		if !seen[pkg] {
			t.Errorf("%s is in the table but does not exist", pkg)
		}
	}
}

func TestImportRulesSeeEveryKindOfFault(t *testing.T) {
	for _, c := range []struct {
		pkg, imp string
		faults   int
	}{
		{"callmodel", "time", 0},
		{"callmodel", "net", 1},
		{"callmodel", "text911/engine", 1},
		{"engine/leg", "text911/engine", 1},
		{"engine/leg", "github.com/emiago/sipgo/sip", 1},
		{"engine/sipua", "github.com/emiago/sipgo/sip", 0},
		{"psap/console", "text911/psap/psaptest", 1},
		{"utils", "time", 1},
		{"cmd/text911", "text911/psap/psaptest", 0},
	} {
		if got := broken(c.pkg, []string{c.imp}); len(got) != c.faults {
			t.Errorf("%s importing %s: %d faults, want %d", c.pkg, c.imp, len(got), c.faults)
		}
	}
}

// pureCallsNow: the type time.Time is fine in a pure package, asking for the time is not.
func TestPurePackagesNeverAskForTheTime(t *testing.T) {
	for _, pkg := range pure {
		out, err := exec.Command("go", "list", "-f", `{{$d := .Dir}}{{range .GoFiles}}{{$d}}/{{.}}{{"\n"}}{{end}}`, "text911/"+pkg).Output()
		if err != nil {
			t.Fatalf("go list %s: %v", pkg, err)
		}
		for _, file := range strings.Fields(string(out)) {
			if n := countNow(t, file); n > 0 {
				t.Errorf("%s asks for the time %d times", file, n)
			}
		}
	}
}
