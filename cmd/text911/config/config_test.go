package config

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.yaml.in/yaml/v3"
)

const sample = "../../../deploy/text911.yaml"

func write(t *testing.T, text string) string {
	t.Helper()
	f := filepath.Join(t.TempDir(), "c.yaml")
	if err := os.WriteFile(f, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return f
}

const minimal = "psaps: [{id: a.example}]\n"

func TestSampleShowsEveryKeyWithItsDefault(t *testing.T) {
	got, err := Load(Source{File: sample})
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	p := DefaultPSAP()
	p.ID = "psap.example"
	want.PSAPs = []PSAP{p}
	tr := DefaultTrunk()
	tr.Name, tr.Addresses, tr.PSAP = "esrp", []string{"127.0.0.1"}, "psap.example"
	want.Trunks = []Trunk{tr}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("the sample's values are not the defaults (-want +got):\n%s", d)
	}
	var file, all yaml.Node
	raw, err := os.ReadFile(sample)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	all = *tree(got)
	inFile := map[string]bool{}
	walk(file.Content[0], "", func(key, comment string) { inFile[key] = true })
	walk(&all, "", func(key, _ string) {
		if !inFile[key] {
			t.Errorf("%s is missing from the sample", key)
		}
	})
}

func walk(n *yaml.Node, at string, f func(key, comment string)) {
	switch n.Kind {
	case yaml.MappingNode:
		for i := 0; i < len(n.Content); i += 2 {
			key := strings.TrimPrefix(at+"."+n.Content[i].Value, ".")
			f(key, n.Content[i+1].LineComment)
			walk(n.Content[i+1], key, f)
		}
	case yaml.SequenceNode:
		for _, c := range n.Content {
			walk(c, at+"[]", f)
		}
	}
}

func TestFlagsWinOverEnvironmentOverFile(t *testing.T) {
	f := write(t, minimal+"node: {data_dir: file, name: file.example}\nhttp: {listen: '127.0.0.1:1'}\n")
	got, err := Load(Source{File: f,
		Environ: []string{"TEXT911_NODE_DATA_DIR=env", "TEXT911_HTTP_LISTEN=127.0.0.1:2", "TEXT911_SIP_UDP=127.0.0.1:1,127.0.0.1:2", "HOME=/x"},
		Set:     map[string]string{"http.listen": "127.0.0.1:3"}})
	if err != nil {
		t.Fatal(err)
	}
	if got.Node.Name != "file.example" || got.Node.DataDir != "env" || got.HTTP.Listen != "127.0.0.1:3" || len(got.SIP.UDP) != 2 {
		t.Errorf("got name %q data_dir %q listen %q udp %v", got.Node.Name, got.Node.DataDir, got.HTTP.Listen, got.SIP.UDP)
	}
}

func TestEntriesStartFromTheirDefaults(t *testing.T) {
	got, err := Load(Source{File: write(t, "psaps: [{id: a.example, lease: 7s}]\ntrunks: [{name: t, addresses: [10.0.0.0/8], psap: a.example}]\n")})
	if err != nil {
		t.Fatal(err)
	}
	p := got.PSAPs[0]
	if p.Lease.String() != "7s" || p.Capacity != DefaultPSAP().Capacity || got.Trunks[0].Answer != "claim" {
		t.Errorf("got %+v %+v", p, got.Trunks[0])
	}
}

func TestFaultsAreNamed(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"unknown key":          {minimal + "nod: {}\n", "nod"},
		"unknown inner key":    {minimal + "sip: {upd: []}\n", "upd"},
		"unknown entry key":    {"psaps: [{id: a, capasity: 3}]\n", "capasity"},
		"no psap":              {"node: {name: x}\n", "psaps is empty"},
		"open console":         {minimal + "http: {listen: '0.0.0.0:8911'}\n", "loopback only"},
		"open nats":            {minimal + "nats: {listen: ':4222'}\n", "client_password_file"},
		"tls without cert":     {minimal + "sip: {tls: ['127.0.0.1:5061']}\n", "sip.cert_file"},
		"bad address":          {minimal + "msrp: {tcp: 'x'}\n", "host:port"},
		"trunk to nowhere":     {minimal + "trunks: [{name: t, addresses: ['::1'], psap: b.example}]\n", "not one of psaps"},
		"trunk without peer":   {minimal + "trunks: [{name: t, psap: a.example}]\n", "to know the peer by"},
		"bad duration":         {minimal + "node: {drain_timeout: soon}\n", "drain_timeout"},
		"short dedupe":         {minimal + "nats: {dedupe: 1s}\n", "stored twice"},
		"token without file":   {minimal + "auth: {mode: token}\n", "tokens_file"},
		"psap twice":           {"psaps: [{id: a}, {id: a}]\n", "twice"},
		"same subjects":        {"psaps: [{id: a.b}, {id: a-b}]\n", "same NATS subjects"},
		"answer policy":        {minimal + "trunks: [{name: t, addresses: ['::1'], psap: a.example, answer: never}]\n", "answer"},
		"certificate no key":   {minimal + "sip: {cert_file: x}\n", "belong together"},
		"not yaml":             {"\t:", "read "},
		"negative drain limit": {minimal + "node: {drain_timeout: -1s}\n", "negative"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(Source{File: write(t, c.text)})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want something about %q", err, c.want)
			}
		})
	}
}

func TestAllFaultsAtOnce(t *testing.T) {
	_, err := Load(Source{File: write(t, "psaps: []\nlogging: {level: loud, format: xml}\n")})
	if err == nil || len(strings.Split(err.Error(), "\n")) != 3 {
		t.Errorf("got %v, want three lines", err)
	}
}

func TestUnknownEnvironmentVariable(t *testing.T) {
	_, err := Load(Source{File: write(t, minimal), Environ: []string{"TEXT911_NODE_DATADIR=x"}})
	if err == nil || !strings.Contains(err.Error(), "TEXT911_NODE_DATADIR") {
		t.Errorf("got %v", err)
	}
}

func TestPrintReadsBack(t *testing.T) {
	want, err := Load(Source{File: sample})
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := want.Print(&b); err != nil {
		t.Fatal(err)
	}
	got, err := Load(Source{File: write(t, b.String())})
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Error(d)
	}
}
