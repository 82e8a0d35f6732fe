// Command text911 is the messaging engine of an NG9-1-1 text service in one binary: the daemon
// (serve), a demonstration (demo), simulators (sim), a load generator (bench) and the operator's
// commands. It wires and decides nothing: the rules are in the packages it joins.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"
)

// version is set by the linker.
var version = "unknown"

// streams are what a command may read of and write to the outside.
type streams struct {
	in      io.Reader
	out     io.Writer
	err     io.Writer
	environ []string
	// signals delivers SIGTERM, SIGINT and SIGHUP: the first asks to drain, the second to stop at once.
	signals <-chan os.Signal
}

// cli is every command with its flags.
type cli struct {
	Serve       serveCmd       `cmd:"" help:"Run the engine."`
	Demo        demoCmd        `cmd:"" help:"Run everything on loopback with simulated texters."`
	Sim         simCmd         `cmd:"" help:"Simulate the outside world."`
	Bench       benchCmd       `cmd:"" help:"Measure this machine."`
	Check       checkCmd       `cmd:"" help:"Validate the configuration and print what is in force."`
	Calls       callsCmd       `cmd:"" help:"List calls."`
	Show        showCmd        `cmd:"" help:"Show one call with its transcript."`
	Tail        tailCmd        `cmd:"" help:"Follow the events of a PSAP."`
	Say         sayCmd         `cmd:"" help:"Claim a call and send a text to the texter."`
	Healthcheck healthcheckCmd `cmd:"" help:"Ask a running engine whether it can take a text now."`
	Version     versionCmd     `cmd:"" help:"Print the version."`
}

func main() {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, ending()...)
	os.Exit(run(os.Args[1:], streams{in: os.Stdin, out: os.Stdout, err: os.Stderr, environ: os.Environ(), signals: signals}))
}

// ending are the signals that ask for an end. A terminal that is closed hangs up, and the demo must
// tidy up then too; who started us with nohup meant us to stay.
func ending() []os.Signal {
	if signal.Ignored(syscall.SIGHUP) {
		return []os.Signal{syscall.SIGTERM, syscall.SIGINT}
	}
	return []os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP}
}

// exitError ends the process with a code of its own; the message was already printed.
type exitError struct{ code int }

func (e exitError) Error() string { return fmt.Sprintf("exit %d", e.code) }

// run is main without the process around it. It returns the exit code.
func run(args []string, s streams) int {
	var c cli
	exited := -1
	parser, err := kong.New(&c,
		kong.Name("text911"),
		kong.Description("Text-to-911 engine: SIP and MSRP in, consoles over WebSocket and NATS, nothing acknowledged is ever lost."),
		kong.UsageOnError(),
		kong.Writers(s.out, s.err),
		kong.Exit(func(code int) { exited = code }),
		kong.Bind(s),
	)
	if err != nil {
		fmt.Fprintf(s.err, "text911: %v\n", err)
		return 2
	}
	chosen, err := parser.Parse(args)
	if exited >= 0 {
		return exited
	}
	if err != nil {
		fmt.Fprintf(s.err, "text911: %v\n", err)
		return 2
	}
	chosen.BindTo(context.Background(), (*context.Context)(nil))
	err = chosen.Run()
	var code exitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &code):
		return code.code
	default:
		fmt.Fprintf(s.err, "text911: %v\n", err)
		return 1
	}
}
