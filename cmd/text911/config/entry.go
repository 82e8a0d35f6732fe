package config

import (
	"errors"
	"reflect"
	"time"
)

// entryDefaults puts the defaults under each entry of psaps and trunks before it is decoded.
func entryDefaults(from, to reflect.Type, data any) (any, error) {
	given, ok := data.(map[string]any)
	if !ok {
		return data, nil
	}
	switch to {
	case reflect.TypeFor[PSAP]():
		return under(DefaultPSAP(), given), nil
	case reflect.TypeFor[Trunk]():
		return under(DefaultTrunk(), given), nil
	}
	return data, nil
}

// under is given with what it leaves out taken from def.
func under(def any, given map[string]any) map[string]any {
	out := map[string]any{}
	v := reflect.ValueOf(def)
	for i := range v.NumField() {
		out[v.Type().Field(i).Tag.Get("koanf")] = v.Field(i).Interface()
	}
	for k, val := range given {
		out[k] = val
	}
	return out
}

// durations reads times. A bare number has no unit, and taken as nanoseconds it would close every
// conversation at once.
func durations(from, to reflect.Type, data any) (any, error) {
	if to != reflect.TypeFor[time.Duration]() || from == to {
		return data, nil
	}
	s, ok := data.(string)
	if !ok && reflect.ValueOf(data).IsValid() && reflect.ValueOf(data).IsZero() {
		return time.Duration(0), nil // 0 needs no unit
	}
	d, err := time.ParseDuration(s)
	if !ok || err != nil {
		return nil, errors.New("a time needs a unit, for instance 90s or 10m")
	}
	return d, nil
}
