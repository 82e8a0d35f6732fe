package esrptest

import (
	"testing"
	"time"

	"text911/callmodel"
)

func TestCompare(t *testing.T) {
	now := time.Unix(1, 0)
	a := Account{Sent: []SentText{{Text: "a", Acked: now}, {Text: "b", Acked: now}, {Text: "c"}, {Text: "d", Acked: now}}}
	for _, c := range []struct {
		name string
		got  []string
		want Difference
	}{
		{"all", []string{"a", "b", "c", "d"}, Difference{Unacknowledged: 1}},
		{"without the one nobody acknowledged", []string{"a", "b", "d"}, Difference{Unacknowledged: 1}},
		{"lost", []string{"a", "d"}, Difference{Unacknowledged: 1, Lost: 1}},
		{"doubled", []string{"a", "b", "b", "d"}, Difference{Unacknowledged: 1, Duplicated: 1}},
		{"misordered", []string{"b", "a", "d"}, Difference{Unacknowledged: 1, Misordered: 1}},
		{"other texts do not matter", []string{"a", "x", "b", "d"}, Difference{Unacknowledged: 1}},
		{"nothing", nil, Difference{Unacknowledged: 1, Lost: 3}},
	} {
		if got := a.Compare(c.got); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

func TestCompareReplies(t *testing.T) {
	a := Account{}
	for _, s := range []callmodel.Private{"two", "one", "one"} {
		a.Received = append(a.Received, ReceivedText{Text: s})
	}
	got := a.CompareReplies([]string{"one", "two", "three"})
	if want := (Difference{Lost: 1, Duplicated: 1, Misordered: 1}); got != want {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// Every text of a load differs from every other, and the same seed gives the same load.
func TestLoadTexts(t *testing.T) {
	l := Load{Calls: 30, Messages: 30}
	seen := map[string]bool{}
	for c := range l.Calls {
		for m := range l.Messages {
			text := l.Text(c, m)
			if seen[text] || len(text) != 160 || text != l.Text(c, m) {
				t.Fatalf("call %d text %d", c, m)
			}
			seen[text] = true
		}
	}
}

// A story's texts differ from each other, so that they can be counted.
func TestStories(t *testing.T) {
	names := map[string]bool{}
	for _, s := range Stories() {
		if s.Name == "" || s.Title == "" || names[s.Name] || len(s.Steps) == 0 {
			t.Errorf("story %q", s.Name)
		}
		names[s.Name] = true
	}
}
