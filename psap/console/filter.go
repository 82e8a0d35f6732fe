package console

import (
	"errors"
	"slices"
	"strings"

	"text911/callmodel"
	"text911/psap"
)

const maxFilter = 100

// filter says which events a console wants. An empty list means all.
type filter struct {
	// Kinds are "noun.verb" or "noun.*".
	Kinds []string `json:"kinds"`
	// Calls are ids; events of the PSAP itself have the id "_".
	Calls []callmodel.CallID `json:"calls"`
	// NoEphemeral leaves out what is not in the log.
	NoEphemeral bool `json:"no_ephemeral"`
}

func (f *filter) check() *farewell {
	if len(f.Kinds) > maxFilter || len(f.Calls) > maxFilter {
		return badFrame("the filter has more than 100 entries in a list")
	}
	for _, k := range f.Kinds {
		if noun, verb, ok := strings.Cut(k, "."); !ok || noun == "" || verb == "" {
			return badFrame("a kind in the filter is not noun.verb or noun.*")
		}
	}
	return nil
}

// wants reports whether the notice passes. A nil filter lets everything pass.
func (f *filter) wants(n *psap.Notice) bool {
	if f == nil {
		return true
	}
	if f.NoEphemeral && !n.Durable() {
		return false
	}
	if len(f.Calls) > 0 && !slices.Contains(f.Calls, n.Event.Call) {
		return false
	}
	return len(f.Kinds) == 0 || slices.ContainsFunc(f.Kinds, func(k string) bool { return match(k, n.Event.Data.Kind()) })
}

func match(pattern string, k callmodel.Kind) bool {
	if noun, wild := strings.CutSuffix(pattern, ".*"); wild {
		return strings.HasPrefix(string(k), noun+".")
	}
	return pattern == string(k)
}

func asType[T error](err error, t *T) bool { return errors.As(err, t) }
