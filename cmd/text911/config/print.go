package config

import (
	"fmt"
	"io"

	"go.yaml.in/yaml/v3"
)

// Print writes the effective configuration as YAML that Load would read back. There is nothing
// to hide: secrets stand in files that are only named here.
func (c *Config) Print(w io.Writer) error {
	e := yaml.NewEncoder(w)
	e.SetIndent(2)
	if err := e.Encode(tree(*c)); err != nil {
		return fmt.Errorf("print configuration: %w", err)
	}
	return e.Close()
}
