package main

import (
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// With no engine at the other end, each command says so and ends with 1; a password in the address
// is not shown.
func TestCommandsWithoutAnEngine(t *testing.T) {
	for _, args := range [][]string{
		{"calls", "--nats", "nats://op:hunter2@127.0.0.1:1"}, {"show", "--nats", "nats://127.0.0.1:1", "c"},
		{"tail", "--nats", "nats://127.0.0.1:1"}, {"say", "--nats", "nats://127.0.0.1:1", "c", "hello"},
		{"sim", "esrp", "--target", "sip:127.0.0.1:1;transport=tcp", "--story", "abandoned"},
		{"sim", "console", "--url", "ws://127.0.0.1:1/v1/ws"}, {"sim", "console", "--url", "http://127.0.0.1:1"},
	} {
		code, _, errs := command(t, args...)
		if code != 1 || errs == "" || strings.Contains(errs, "hunter2") {
			t.Errorf("%v: exit %d, %d octets of fault", args[:2], code, len(errs))
		}
	}
	if got := withoutLogin("nats://u:p@a:1,tls://b:2"); got != "nats://a:1,tls://b:2" {
		t.Errorf("shown as %s", got)
	}
}

// A closed terminal ends a command as a signal to drain does, so that the demo leaves no files; one
// that nohup protects stays.
func TestHangUp(t *testing.T) {
	if !signal.Ignored(syscall.SIGHUP) && !slices.Contains(ending(), os.Signal(syscall.SIGHUP)) {
		t.Error("SIGHUP kills")
	}
	signal.Ignore(syscall.SIGHUP)
	defer signal.Reset(syscall.SIGHUP)
	if slices.Contains(ending(), os.Signal(syscall.SIGHUP)) {
		t.Error("an ignored SIGHUP is taken")
	}
}
