package callmodeltest

import (
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode"

	"text911/callmodel"
)

func renderEvent(ev callmodel.Event) string {
	s := strings.TrimSpace(string(ev.Data.Kind()) + " " + render(ev.Data))
	if ev.Command != nil {
		s += " command=" + string(ev.Command.ID)
	}
	return s
}

func renderEffect(eff callmodel.Effect) string {
	return strings.TrimSpace(kebab(reflect.TypeOf(eff).Name()) + " " + render(eff))
}

// render writes the members of a struct that are not zero, in order.
func render(x any) string {
	var parts []string
	walk("", reflect.ValueOf(x), func(name, value string) {
		if value == "true" {
			parts = append(parts, name)
			return
		}
		parts = append(parts, name+"="+value)
	})
	return strings.Join(parts, " ")
}

func walk(prefix string, v reflect.Value, emit func(name, value string)) {
	for i := range v.NumField() {
		f, m := v.Type().Field(i), v.Field(i)
		if m.IsZero() {
			continue
		}
		name := prefix + memberName(f)
		if m.Kind() == reflect.Pointer {
			m = m.Elem()
		}
		if s, ok := scalar(m); ok {
			emit(name, s)
			continue
		}
		switch m.Kind() {
		case reflect.Struct:
			walk(name+".", m, emit)
		case reflect.Slice:
			for j := range m.Len() {
				walk(fmt.Sprintf("%s.%d.", name, j), m.Index(j), emit)
			}
		}
	}
}

func scalar(m reflect.Value) (string, bool) {
	switch x := m.Interface().(type) {
	case time.Time:
		return renderTime(x), true
	case callmodel.Private:
		return fmt.Sprintf("<%d>", len(x)), true
	case []byte:
		return fmt.Sprintf("<%d>", len(x)), true
	case []string:
		return strings.Join(x, ","), true
	}
	switch m.Kind() {
	case reflect.Struct, reflect.Slice:
		return "", false
	}
	s := fmt.Sprint(m.Interface())
	if strings.ContainsAny(s, " \t\n\"") {
		s = fmt.Sprintf("%q", s)
	}
	return s, true
}

func memberName(f reflect.StructField) string {
	if tag, _, _ := strings.Cut(f.Tag.Get("json"), ","); tag != "" {
		return tag
	}
	return strings.ReplaceAll(kebab(f.Name), "-", "_")
}

// renderTime is a time since the beginning.
func renderTime(t time.Time) string {
	d := t.Sub(epoch)
	sign := ""
	if d < 0 {
		sign, d = "-", -d
	}
	s := fmt.Sprintf("%s%02d:%02d", sign, int(d.Minutes())%60, int(d.Seconds())%60)
	if h := int(d.Hours()); h > 0 {
		s = fmt.Sprintf("%s%02d:%02d:%02d", sign, h, int(d.Minutes())%60, int(d.Seconds())%60)
	}
	if ms := d.Milliseconds() % 1000; ms != 0 {
		s += fmt.Sprintf(".%03d", ms)
	}
	return s
}

// kebab turns LegOffered into leg-offered.
func kebab(s string) string {
	var b strings.Builder
	for i, r := range s {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
