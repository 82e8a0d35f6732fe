package main

import (
	"crypto/sha256"
	"fmt"
	"runtime"
	"strings"

	"text911/cmd/text911/config"
)

// configFlags are shared by every command that reads the configuration.
type configFlags struct {
	Config  string            `short:"c" type:"existingfile" help:"Configuration file (YAML)."`
	Set     map[string]string `help:"Set one key, for instance --set http.listen=127.0.0.1:8911." placeholder:"KEY=VALUE"`
	DataDir string            `help:"Short for --set node.data_dir=DIR." placeholder:"DIR"`
	HTTP    string            `help:"Short for --set http.listen=ADDRESS." placeholder:"ADDRESS"`
	Admin   string            `help:"Short for --set admin.listen=ADDRESS." placeholder:"ADDRESS"`
}

func (f configFlags) source(environ []string) config.Source {
	set := map[string]string{}
	for k, v := range f.Set {
		set[k] = v
	}
	for key, v := range map[string]string{"node.data_dir": f.DataDir, "http.listen": f.HTTP, "admin.listen": f.Admin} {
		if v != "" {
			set[key] = v
		}
	}
	return config.Source{File: f.Config, Environ: environ, Set: set}
}

type checkCmd struct {
	configFlags
}

func (c *checkCmd) Run(s streams) error {
	cfg, err := config.Load(c.source(s.environ))
	if err != nil {
		return err
	}
	var b strings.Builder
	if err := cfg.Print(&b); err != nil {
		return err
	}
	fmt.Fprint(s.out, b.String())
	fmt.Fprintf(s.err, "configuration is valid, sha256 %x\n", sha256.Sum256([]byte(b.String())))
	return nil
}

type versionCmd struct{}

func (versionCmd) Run(s streams) error {
	_, err := fmt.Fprintf(s.out, "text911 %s %s %s/%s events v1 websocket text911.v1\n", version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return err
}
