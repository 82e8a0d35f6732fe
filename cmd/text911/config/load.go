package config

import (
	"errors"
	"fmt"
	"sort"
	"strings"

	"github.com/go-viper/mapstructure/v2"
	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/confmap"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/providers/structs"
	"github.com/knadh/koanf/v2"
)

// Source is where configuration comes from. Environ is os.Environ of the process; Set is key=value
// from flags.
type Source struct {
	Base    *Config // nil: Default
	File    string
	Environ []string
	Set     map[string]string
}

const (
	envPrefix    = "TEXT911_"
	clientPrefix = envPrefix + "CLIENT_" // of the operator's commands, no keys of the daemon
)

// Load reads, merges, decodes and validates. It reports every fault at once.
func Load(src Source) (Config, error) {
	k := koanf.New(".")
	base := Default()
	if src.Base != nil {
		base = *src.Base
	}
	if err := k.Load(structs.Provider(base, "koanf"), nil); err != nil {
		return Config{}, fmt.Errorf("defaults: %w", err)
	}
	known := k.Keys()
	if src.File != "" {
		if err := k.Load(file.Provider(src.File), yaml.Parser()); err != nil {
			return Config{}, fmt.Errorf("read %s: %w", src.File, err)
		}
	}
	values, err := fromEnvironment(src.Environ, known)
	if err != nil {
		return Config{}, err
	}
	if err := k.Load(confmap.Provider(values, "."), nil); err != nil {
		return Config{}, fmt.Errorf("environment: %w", err)
	}
	flags := map[string]any{}
	for key, v := range src.Set {
		flags[key] = v
	}
	if err := k.Load(confmap.Provider(flags, "."), nil); err != nil {
		return Config{}, fmt.Errorf("flags: %w", err)
	}
	return decode(k)
}

// fromEnvironment maps TEXT911_NODE_DATA_DIR to node.data_dir by the list of keys that exist: an
// underscore alone does not tell where a section ends.
func fromEnvironment(environ []string, known []string) (map[string]any, error) {
	byName := map[string]string{}
	for _, key := range known {
		byName[envPrefix+strings.ToUpper(strings.ReplaceAll(key, ".", "_"))] = key
	}
	var unknown []string
	k := koanf.New(".")
	err := k.Load(env.Provider(".", env.Opt{
		Prefix:      envPrefix,
		EnvironFunc: func() []string { return environ },
		TransformFunc: func(name, value string) (string, any) {
			key, ok := byName[name]
			if !ok && !strings.HasPrefix(name, clientPrefix) {
				unknown = append(unknown, name)
			}
			return key, value
		},
	}), nil)
	if err != nil {
		return nil, fmt.Errorf("environment: %w", err)
	}
	if len(unknown) > 0 {
		sort.Strings(unknown)
		return nil, fmt.Errorf("unknown environment variables: %s", strings.Join(unknown, ", "))
	}
	return k.All(), nil
}

func decode(k *koanf.Koanf) (Config, error) {
	// Lists start from their own defaults, entry by entry.
	var cfg Config
	err := k.UnmarshalWithConf("", &cfg, koanf.UnmarshalConf{DecoderConfig: &mapstructure.DecoderConfig{
		Result:           &cfg,
		TagName:          "koanf",
		ErrorUnused:      true,
		WeaklyTypedInput: true,
		DecodeHook: mapstructure.ComposeDecodeHookFunc(
			durations,
			mapstructure.StringToSliceHookFunc(","),
			entryDefaults,
		),
	}})
	if err != nil {
		return Config{}, readable(err)
	}
	return cfg, cfg.Validate()
}

// readable turns the decoder's list into one line a fault.
func readable(err error) error {
	var joined interface{ Unwrap() []error }
	if !errors.As(err, &joined) {
		return err
	}
	var all []error
	for _, e := range joined.Unwrap() {
		all = append(all, errors.New(strings.TrimPrefix(e.Error(), "'' ")))
	}
	return errors.Join(all...)
}
