package sipua

import "strings"

// splitList splits a header field value at the commas that stand outside quoted strings and angle
// brackets, and trims the pieces. Empty pieces are left out; at most maxValues are returned.
// An unclosed quote or bracket makes the rest one piece.
func splitList(s string) []string {
	return splitAt(s, ',', maxValues)
}

// splitParams splits at semicolons by the same rules: the first piece is the value proper.
func splitParams(s string) []string {
	return splitAt(s, ';', maxValues)
}

func splitAt(s string, sep byte, limit int) []string {
	var out []string
	quoted, angle, from := false, false, 0
	add := func(p string) {
		if p = strings.TrimSpace(p); p != "" && len(out) < limit {
			out = append(out, p)
		}
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"' && !angle:
			quoted = !quoted
		case quoted:
		case c == '<':
			angle = true
		case c == '>':
			angle = false
		case c == sep && !angle:
			add(s[from:i])
			from = i + 1
		}
	}
	if from <= len(s) {
		add(s[from:])
	}
	return out
}

// param reads one ;name=value parameter of a header field value: those of the URI inside <> do
// not count. Quotes are removed. ok is true for a parameter without a value too.
func param(value, name string) (v string, ok bool) {
	pieces := splitParams(value)
	for i, p := range pieces {
		if i == 0 && !strings.HasPrefix(strings.TrimSpace(value), ";") {
			continue
		}
		k, v, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(k), name) {
			return unquote(strings.TrimSpace(v)), true
		}
	}
	return "", false
}

// unquote removes the quotes of a quoted-string and its backslashes.
func unquote(s string) string {
	if len(s) < 2 || s[0] != '"' || s[len(s)-1] != '"' {
		return s
	}
	s = s[1 : len(s)-1]
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// bracketed returns what stands in the first <> outside quotes; without brackets, the value up to
// its first parameter (RFC 3261 §20: then the parameters are the header's).
func bracketed(value string) string {
	quoted := false
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '<':
			rest := value[i+1:]
			if j := strings.IndexByte(rest, '>'); j >= 0 {
				rest = rest[:j]
			}
			return strings.TrimSpace(rest)
		}
	}
	if p := splitParams(value); len(p) > 0 {
		return p[0]
	}
	return ""
}

// displayName returns the text before <>, without quotes.
func displayName(value string) string {
	quoted := false
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == '<' && !quoted:
			return unquote(strings.TrimSpace(value[:i]))
		}
	}
	return ""
}

// withoutTag returns a From or To value with its tag parameter removed.
func withoutTag(value string) string { return withoutParam(value, "tag") }

func withoutParam(value, name string) string {
	pieces := splitParams(value)
	kept := pieces[:0]
	for i, p := range pieces {
		k, _, _ := strings.Cut(p, "=")
		if i > 0 && strings.EqualFold(strings.TrimSpace(k), name) {
			continue
		}
		kept = append(kept, p)
	}
	return strings.Join(kept, ";")
}
