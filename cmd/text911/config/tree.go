package config

import (
	"reflect"
	"time"

	"go.yaml.in/yaml/v3"
)

// tree is the configuration as a YAML node in the order of the struct's fields.
func tree(v any) *yaml.Node {
	rv := reflect.ValueOf(v)
	switch rv.Kind() {
	case reflect.Struct:
		n := &yaml.Node{Kind: yaml.MappingNode}
		for i := range rv.NumField() {
			key := &yaml.Node{Kind: yaml.ScalarNode, Value: rv.Type().Field(i).Tag.Get("koanf")}
			n.Content = append(n.Content, key, tree(rv.Field(i).Interface()))
		}
		return n
	case reflect.Slice:
		n := &yaml.Node{Kind: yaml.SequenceNode}
		for i := range rv.Len() {
			n.Content = append(n.Content, tree(rv.Index(i).Interface()))
		}
		return n
	}
	if d, ok := v.(time.Duration); ok {
		v = d.String()
	}
	n := &yaml.Node{}
	// A scalar or a map of strings always encodes.
	if err := n.Encode(v); err != nil {
		panic("config: a field that YAML cannot express: " + err.Error())
	}
	return n
}
