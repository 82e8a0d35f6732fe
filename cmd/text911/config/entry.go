package config

import "reflect"

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
