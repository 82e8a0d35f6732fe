package callmodeltest

import (
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"text911/callmodel"
)

// update is a flag of test binaries only: this package is imported by tests.
var update = flag.Bool("update", false, "rewrite the scenario files")

// Suite is a directory of scenarios for one machine.
type Suite struct {
	FS   fs.FS  // the embedded files, *.txt
	Dir  string // the same on disk, for -update
	Make Maker
	// Recode gives an event the form it has after the log, nil for the event itself.
	Recode func(callmodel.Event) (callmodel.Event, error)
}

// Check plays every scenario as a subtest and compares. It also replays the events of each into a
// new machine, which must come to the same view and ask for the same time.
func (s Suite) Check(t *testing.T) {
	t.Helper()
	names, err := fs.Glob(s.FS, "*.txt")
	if err != nil || len(names) == 0 {
		t.Fatalf("no scenarios: %v", err)
	}
	for _, name := range names {
		t.Run(strings.TrimSuffix(name, ".txt"), func(t *testing.T) { s.check(t, name) })
	}
}

func (s Suite) check(t *testing.T, name string) {
	text, err := fs.ReadFile(s.FS, name)
	if err != nil {
		t.Fatal(err)
	}
	p, err := Play(string(text), s.Make)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	s.checkReplay(t, p, string(text))
	if p.Text == string(text) {
		return
	}
	if *update {
		if err := os.WriteFile(filepath.Join(s.Dir, name), []byte(p.Text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	t.Errorf("%s differs (run with -update to accept):\n%s", name, diff(string(text), p.Text))
}

func (s Suite) checkReplay(t *testing.T, p Played, text string) {
	if p.Machine == nil {
		t.Fatal("the scenario has no input")
	}
	again := player{make: s.Make}
	for _, line := range strings.Split(text, "\n") {
		if rest, ok := strings.CutPrefix(line, "config "); ok {
			again.config, _ = parseFields(rest)
		}
	}
	if err := again.renew(); err != nil {
		t.Fatal(err)
	}
	for _, ev := range p.Events {
		if s.Recode != nil {
			var err error
			if ev, err = s.Recode(ev); err != nil {
				t.Fatalf("event %d: %v", ev.CallSeq, err)
			}
		}
		again.machine.Apply(ev)
	}
	if got, want := again.machine.View(), p.Machine.View(); !reflect.DeepEqual(got, want) {
		t.Errorf("after replay the view is\n%s\nwant\n%s", render(got), render(want))
	}
	gotAt, got := again.machine.Deadline()
	wantAt, want := p.Machine.Deadline()
	if got != want || !gotAt.Equal(wantAt) {
		t.Errorf("after replay the deadline is %v (%v), want %v (%v)", gotAt, got, wantAt, want)
	}
}

// diff shows the lines from the first difference on, a few of each.
func diff(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	i := 0
	for i < len(w) && i < len(g) && w[i] == g[i] {
		i++
	}
	cut := func(l []string) string {
		from := max(i-3, 0)
		return strings.Join(l[min(from, len(l)):min(i+8, len(l))], "\n")
	}
	return "want:\n" + cut(w) + "\ngot:\n" + cut(g)
}
