package eventjson

import (
	"strings"

	"text911/callmodel"
)

// Unknown is the data of an event this version has no type for. It keeps what was read, so that
// encoding it gives the same event again.
type Unknown struct {
	Type string // the whole type, version included
	JSON []byte // the data as read
}

// Kind is the noun and verb of the type, or the whole type if it is not ours.
func (u Unknown) Kind() callmodel.Kind {
	k, ok := strings.CutPrefix(u.Type, typePrefix)
	if !ok {
		return callmodel.Kind(u.Type)
	}
	if i := strings.LastIndexByte(k, '.'); i > 0 && strings.Count(k, ".") == 2 {
		return callmodel.Kind(k[:i])
	}
	return callmodel.Kind(k)
}
