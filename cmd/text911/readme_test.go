package main

import (
	"io"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
)

// Every command of this program that the README shows must parse, every make target it names must
// exist, and every file it links to must be there.
func TestReadmeIsTrue(t *testing.T) {
	raw, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	readme := string(raw)
	t.Chdir("../..") // its commands are given from the top
	commands := regexp.MustCompile(`(?m)^bin/text911 ([^#\n]*)`).FindAllStringSubmatch(readme, -1)
	if len(commands) < 8 {
		t.Fatalf("found only %d commands", len(commands))
	}
	for _, m := range commands {
		var c cli
		p, err := kong.New(&c, kong.Writers(io.Discard, io.Discard), kong.Exit(func(int) {}))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.Parse(words(m[1])); err != nil {
			t.Errorf("bin/text911 %s: %v", m[1], err)
		}
	}
	makefile, err := os.ReadFile("Makefile")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("make ([a-z0-9-]+)").FindAllStringSubmatch(readme, -1) {
		if !strings.Contains(string(makefile), "\n"+m[1]+":") {
			t.Errorf("make %s does not exist", m[1])
		}
	}
	for _, m := range regexp.MustCompile(`\]\(([^)h][^)]*)\)`).FindAllStringSubmatch(readme, -1) {
		if _, err := os.Stat(m[1]); err != nil {
			t.Errorf("link to %s: %v", m[1], err)
		}
	}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z/0-9]+)`").FindAllStringSubmatch(readme, -1) {
		if _, err := os.Stat(m[1]); err != nil {
			t.Errorf("folder %s: %v", m[1], err)
		}
	}
}

// words splits as a shell does for what the README needs: blanks and double quotes.
func words(line string) (out []string) {
	for i, part := range strings.Split(strings.TrimSpace(line), `"`) {
		if i%2 == 1 {
			out = append(out, part)
		} else {
			out = append(out, strings.Fields(part)...)
		}
	}
	return out
}
