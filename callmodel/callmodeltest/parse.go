package callmodeltest

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"time"

	"text911/callmodel"
)

// field is one member of an input line: name=value, or a name alone for true.
type field struct{ name, value string }

// parseFields cuts a line at blanks that are not within quotes.
func parseFields(s string) ([]field, error) {
	var out []field
	for s = strings.TrimSpace(s); s != ""; s = strings.TrimSpace(s) {
		i := strings.IndexAny(s, "= ")
		if i < 0 {
			return append(out, field{s, "true"}), nil
		}
		name := s[:i]
		if s[i] == ' ' {
			out, s = append(out, field{name, "true"}), s[i:]
			continue
		}
		s = s[i+1:]
		value := s
		if strings.HasPrefix(s, `"`) {
			quoted, err := strconv.QuotedPrefix(s)
			if err != nil {
				return nil, fmt.Errorf("member %s: %w", name, err)
			}
			if value, err = strconv.Unquote(quoted); err != nil {
				return nil, fmt.Errorf("member %s: %w", name, err)
			}
			s = s[len(quoted):]
		} else if j := strings.IndexByte(s, ' '); j >= 0 {
			value, s = s[:j], s[j:]
		} else {
			s = ""
		}
		out = append(out, field{name, value})
	}
	return out, nil
}

// inputs is every input there is, by its name in scenarios.
func inputs() map[string]callmodel.Input {
	all := map[string]callmodel.Input{}
	for _, in := range []callmodel.Input{
		callmodel.LegOffered{}, callmodel.LegAnswered{}, callmodel.LegEstablished{}, callmodel.LegBroken{},
		callmodel.LegEnded{}, callmodel.MessageArrived{}, callmodel.MessageBad{}, callmodel.MessageProgress{},
		callmodel.TypingSeen{}, callmodel.LocationFound{}, callmodel.LocationNotFound{},
		callmodel.ClaimRequested{}, callmodel.ReleaseRequested{}, callmodel.ReplyRequested{},
		callmodel.ShownRequested{}, callmodel.TypingRequested{}, callmodel.NoteRequested{},
		callmodel.ExtendRequested{}, callmodel.CloseRequested{}, callmodel.TimePassed{}, callmodel.Restarted{},
	} {
		all[kebab(reflect.TypeOf(in).Name())] = in
	}
	return all
}

func parseInput(name string, fields []field) (callmodel.Input, error) {
	proto, ok := inputs()[name]
	if !ok {
		return nil, fmt.Errorf("no input %q", name)
	}
	v := reflect.New(reflect.TypeOf(proto))
	if err := setFields(v.Interface(), fields); err != nil {
		return nil, err
	}
	return v.Elem().Interface().(callmodel.Input), nil
}

// setFields puts fields into the struct ptr points to.
func setFields(ptr any, fields []field) error {
	v := reflect.ValueOf(ptr).Elem()
	for _, f := range fields {
		if err := setField(v, f); err != nil {
			return fmt.Errorf("member %s: %w", f.name, err)
		}
	}
	return nil
}

func setField(v reflect.Value, f field) error {
	if f.name == "text" {
		if c := v.FieldByName("Content"); c.IsValid() {
			c.Set(reflect.ValueOf(callmodel.PlainText(f.value)))
			return nil
		}
	}
	for _, part := range strings.Split(f.name, ".") {
		if v.Kind() == reflect.Pointer {
			if v.IsNil() {
				v.Set(reflect.New(v.Type().Elem()))
			}
			v = v.Elem()
		}
		if v.Kind() != reflect.Struct {
			return fmt.Errorf("%s has no members", v.Type())
		}
		v = v.FieldByNameFunc(func(n string) bool { return strings.EqualFold(n, part) })
		if !v.IsValid() {
			return fmt.Errorf("no member %s", part)
		}
	}
	return setValue(v, f.value)
}

func setValue(v reflect.Value, s string) error {
	switch v.Interface().(type) {
	case time.Time:
		d, err := parseOffset(s)
		v.Set(reflect.ValueOf(epoch.Add(d)))
		return err
	case time.Duration:
		d, err := time.ParseDuration(s)
		v.SetInt(int64(d))
		return err
	case []byte:
		v.SetBytes([]byte(s))
		return nil
	case []string:
		v.Set(reflect.ValueOf(strings.Split(s, ",")))
		return nil
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(s)
		return nil
	case reflect.Bool:
		b, err := strconv.ParseBool(s)
		v.SetBool(b)
		return err
	case reflect.Int:
		n, err := strconv.Atoi(s)
		v.SetInt(int64(n))
		return err
	case reflect.Uint64:
		n, err := strconv.ParseUint(s, 10, 64)
		v.SetUint(n)
		return err
	}
	return fmt.Errorf("cannot be given in a scenario")
}

// parseOffset reads [-][hh:]mm:ss[.mmm].
func parseOffset(s string) (time.Duration, error) {
	digits, negative := strings.CutPrefix(s, "-")
	parts := strings.Split(digits, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return 0, fmt.Errorf("%q is no time", s)
	}
	unit := []string{"h", "m", "s"}[3-len(parts):]
	var b strings.Builder
	for i, p := range parts {
		b.WriteString(p + unit[i])
	}
	d, err := time.ParseDuration(b.String())
	if negative {
		d = -d
	}
	return d, err
}
