package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"

	"text911/cmd/text911/config"
	"text911/cmd/text911/daemon"
	"text911/esrp/esrptest"
)

// demoCmd runs everything on loopback: the engine, one PSAP, and texters behind a simulated ESRP.
type demoCmd struct {
	configFlags
	NoBrowser bool    `help:"Do not try to open the console in a browser."`
	Pace      float64 `default:"1" help:"Stretches the pauses of the texters; 2 is twice as slow."`
	Script    bool    `help:"Do not wait for people: play the scripts against an automatic call taker, check the result and exit."`
	JSON      bool    `name:"json" help:"With --script: print the summary as JSON."`
	Calls     int     `default:"60" help:"With --script: texters at once."`
	Messages  int     `default:"20" help:"With --script: texts of each."`
}

func (c *demoCmd) Run(ctx context.Context, s streams) error {
	src := c.source(s.environ)
	src.Base = devConfig()
	cfg, err := config.Load(src)
	if err != nil {
		return err
	}
	if c.DataDir == "" {
		dir, err := os.MkdirTemp("", "text911-demo")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		cfg.Node.DataDir = dir
	}
	cfg.NATS.BallastMiB = -1
	cfg.Node.DrainTimeout = 2 * time.Second
	devPorts(&cfg)
	if c.Script {
		return c.script(ctx, s, cfg)
	}
	return c.show(ctx, s, cfg)
}

// show serves a console for people and lets the texters of the stories come one after the other.
func (c *demoCmd) show(ctx context.Context, s streams, cfg config.Config) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var texters sync.WaitGroup
	defer texters.Wait()
	defer cancel()
	log := daemon.NewLogger(s.err, cfg.Logging)
	return serve(ctx, cfg, log, s.signals, func(a daemon.Addresses) error {
		network, err := esrptest.New(esrptest.Config{Target: sipTarget(a)})
		if err != nil {
			return err
		}
		texters.Go(func() { _ = network.Run(ctx) })
		texters.Go(func() { c.stories(ctx, network) })
		fmt.Fprintf(s.out, "text911 %s demo: nothing here is real, and nothing leaves this machine\n", version)
		fmt.Fprintf(s.out, "console: http://%s/\n", a.Console)
		fmt.Fprintf(s.out, "sip: %s   msrp: %s   nats: %s   admin: http://%s/metrics\n", strings.Join(a.SIP, ", "), a.MSRP, a.NATS, a.Admin)
		fmt.Fprintln(s.out, "Give a name, enable sound, and answer the texts. Ctrl-C ends the demo.")
		if !c.NoBrowser {
			openBrowser("http://" + a.Console + "/")
		}
		return nil
	})
}

// stories brings a new texter every few seconds, at most three at a time, until ctx ends.
func (c *demoCmd) stories(ctx context.Context, n *esrptest.Network) {
	var playing sync.WaitGroup
	defer playing.Wait()
	places := make(chan struct{}, 3)
	for i := 0; ; i++ {
		all := esrptest.Stories()
		story := all[i%len(all)]
		select {
		case places <- struct{}{}:
		case <-ctx.Done():
			return
		}
		playing.Go(func() {
			n.Play(ctx, story, c.Pace)
			<-places
		})
		if esrptest.Wait(ctx, time.Duration(12*float64(time.Second)*c.Pace)) != nil {
			return
		}
	}
}

func sipTarget(a daemon.Addresses) string {
	for _, l := range a.SIP {
		if addr, ok := strings.CutPrefix(l, "TCP "); ok {
			return "sip:" + addr + ";transport=tcp"
		}
	}
	return ""
}

// openBrowser tries; a machine without one is no fault.
func openBrowser(url string) {
	name := map[string]string{"linux": "xdg-open", "darwin": "open"}[runtime.GOOS]
	if name == "" || runtime.GOOS == "linux" && os.Getenv("DISPLAY")+os.Getenv("WAYLAND_DISPLAY") == "" {
		return
	}
	cmd := exec.Command(name, url)
	if cmd.Start() == nil {
		_ = cmd.Process.Release()
	}
}

func (c *demoCmd) script(ctx context.Context, s streams, cfg config.Config) error {
	ctx, cancel := stoppable(ctx, s)
	defer cancel()
	ctx, limit := context.WithTimeout(ctx, 4*time.Minute)
	defer limit()
	cfg.Logging.Level = "error"
	sum, err := (&scriptRun{calls: c.Calls, messages: c.Messages}).run(ctx, cfg, daemon.NewLogger(s.err, cfg.Logging))
	if err != nil {
		return err
	}
	if c.JSON {
		if err := json.NewEncoder(s.out).Encode(sum); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(s.out, "%d calls, %d texts in, %d out; lost %d, duplicated %d, misordered %d, p50 %.1f ms, p99 %.1f ms\n",
			sum.Calls, sum.MessagesIn, sum.MessagesOut, sum.Lost, sum.Duplicated, sum.Misordered, sum.P50, sum.P99)
	}
	if !sum.clean() {
		return exitError{code: 1}
	}
	return nil
}
