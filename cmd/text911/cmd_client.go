package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"text911/callmodel"
	"text911/psap/api"
	"text911/psap/bus"
)

// clientFlags say how the operator's commands reach a running engine: over NATS.
type clientFlags struct {
	NATS         string        `default:"nats://127.0.0.1:4222" help:"NATS address of the engine." env:"TEXT911_CLIENT_NATS"`
	User         string        `help:"NATS user."`
	PasswordFile string        `type:"existingfile" help:"File with the NATS password."`
	PSAP         string        `default:"psap.example" help:"PSAP to ask."`
	Agent        string        `default:"operator" help:"Who asks."`
	Timeout      time.Duration `default:"5s" help:"Give up after this."`
}

func (f clientFlags) dial() (*bus.Client, error) {
	password := ""
	if f.PasswordFile != "" {
		raw, err := os.ReadFile(f.PasswordFile)
		if err != nil {
			return nil, fmt.Errorf("password: %w", err)
		}
		password = strings.TrimSpace(string(raw))
	}
	c, err := bus.Dial(bus.ClientConfig{URL: f.NATS, User: f.User, Password: password})
	if err != nil {
		return nil, fmt.Errorf("reach %s: %w", withoutLogin(f.NATS), err)
	}
	return c, nil
}

// withoutLogin is an address, or several, as it may be shown: a password in it is left out.
func withoutLogin(servers string) string {
	list := strings.Split(servers, ",")
	for i, s := range list {
		if at := strings.LastIndexByte(s, '@'); at >= 0 {
			scheme, _, _ := strings.Cut(s[:at], "://")
			list[i] = scheme + "://" + s[at+1:]
		}
	}
	return strings.Join(list, ",")
}

// ask sends one command and decodes its answer into out.
func (f clientFlags) ask(ctx context.Context, c *bus.Client, kind string, data, out any) error {
	ctx, cancel := context.WithTimeout(ctx, f.Timeout)
	defer cancel()
	body, err := json.Marshal(data)
	if err != nil {
		return err
	}
	reply, err := c.Do(ctx, callmodel.PSAPID(f.PSAP), callmodel.AgentID(f.Agent), api.Command{ID: newCommandID(), Type: kind, Data: body})
	if err != nil {
		return fmt.Errorf("%s: %w", kind, err)
	}
	if !reply.OK {
		return fmt.Errorf("%s: %s: %s", kind, reply.Error.Code, reply.Error.Detail)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal(reply.Data, out)
}

type callsCmd struct {
	clientFlags
	Phase string `help:"Only calls in this phase: queued, claimed, active, closed."`
	JSON  bool   `help:"Print JSON."`
}

func (c *callsCmd) Run(ctx context.Context, s streams) error {
	client, err := c.dial()
	if err != nil {
		return err
	}
	defer client.Close()
	var got struct {
		Calls []callmodel.View `json:"calls"`
	}
	if err := c.ask(ctx, client, "call.list", map[string]any{"phase": c.Phase, "limit": 500}, &got); err != nil {
		return err
	}
	if c.JSON {
		return printJSON(s.out, got.Calls)
	}
	return printCalls(s.out, got.Calls)
}

func printCalls(w io.Writer, calls []callmodel.View) error {
	t := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(t, "CALL\tPHASE\tHOLDER\tOFFERED\tIN\tOUT\tLEG")
	for _, v := range calls {
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%d\t%d\t%s\n", v.Call, v.Phase, v.Holder, v.Offered.UTC().Format(time.TimeOnly), v.MessagesIn, v.MessagesOut, v.LegState)
	}
	return t.Flush()
}

func printJSON(w io.Writer, v any) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	return e.Encode(v)
}

type showCmd struct {
	clientFlags
	Call string `arg:"" help:"Call to show."`
	JSON bool   `help:"Print the events as JSON, one a line."`
}

// Run prints the transcript. It is the operator's own terminal: this is one of the few places
// where content is shown.
func (c *showCmd) Run(ctx context.Context, s streams) error {
	client, err := c.dial()
	if err != nil {
		return err
	}
	defer client.Close()
	var after uint64
	for {
		var page struct {
			Events []json.RawMessage `json:"events"`
			More   bool              `json:"more"`
		}
		if err := c.ask(ctx, client, "call.transcript", map[string]any{"call": c.Call, "after": after, "limit": 500}, &page); err != nil {
			return err
		}
		for _, raw := range page.Events {
			seq, err := printEvent(s.out, raw, c.JSON)
			if err != nil {
				return err
			}
			after = seq
		}
		if !page.More || len(page.Events) == 0 {
			return nil
		}
	}
}

type tailCmd struct {
	clientFlags
	JSON bool `help:"Print the events as JSON, one a line."`
	Text bool `help:"Show what people wrote; otherwise only its length."`
}

func (c *tailCmd) Run(ctx context.Context, s streams) error {
	client, err := c.dial()
	if err != nil {
		return err
	}
	defer client.Close()
	ctx, cancel := stoppable(ctx, s)
	defer cancel()
	err = client.Events(ctx, callmodel.PSAPID(c.PSAP), func(raw []byte) error {
		if c.JSON && c.Text {
			_, err := fmt.Fprintf(s.out, "%s\n", raw)
			return err
		}
		return printHeadline(s.out, raw, c.Text)
	})
	if ctx.Err() != nil {
		return nil
	}
	return err
}

type sayCmd struct {
	clientFlags
	Call string `arg:"" help:"Call to answer."`
	Text string `arg:"" help:"What to say."`
}

func (c *sayCmd) Run(ctx context.Context, s streams) error {
	client, err := c.dial()
	if err != nil {
		return err
	}
	defer client.Close()
	var claim struct {
		Fence callmodel.Fence `json:"fence"`
	}
	if err := c.ask(ctx, client, "call.claim", map[string]any{"call": c.Call}, &claim); err != nil {
		return err
	}
	var sent struct {
		Message callmodel.MessageID `json:"message"`
	}
	if err := c.ask(ctx, client, "message.send", map[string]any{"call": c.Call, "fence": claim.Fence, "text": c.Text}, &sent); err != nil {
		return err
	}
	_, err = fmt.Fprintf(s.out, "stored as message %s\n", sent.Message)
	return err
}
