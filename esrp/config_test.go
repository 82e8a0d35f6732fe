package esrp

import (
	"strings"
	"testing"

	"text911/callmodel"
)

func TestValidateReportsEveryFaultAtOnce(t *testing.T) {
	c := Config{
		Refresh: -1,
		PSAPs:   []PSAP{{ID: "east", Queue: "text"}, {ID: "east", Queue: "text"}, {Capacity: -1}},
		Trunks: []Trunk{
			{ID: "a", Addresses: []string{"10.0.0.1"}, PSAP: "west", Answer: "soon"},
			{ID: "a", Addresses: []string{"10.0.0.1/32", "ten"}, Capacity: -1},
			{Certificates: []string{"*.example.org"}, Queues: map[string]callmodel.PSAPID{"http://x": "north"}},
			{ID: "d", PSAP: "east", Queues: map[string]callmodel.PSAPID{"sip:q@h": "east", "sips:q@H:5061;lr": "east"}},
		},
	}
	err := c.Validate()
	if err == nil {
		t.Fatal("no fault found")
	}
	for _, want := range []string{
		"refresh is negative", `psap 1: "east" stands twice`, "psap 2: no id", "psap 2: no queue", "psap 2: capacity",
		`trunk 0: answer "soon"`, `trunk 0: psap "west" is unknown`,
		`trunk 1: "a" stands twice`, `trunk 1: "ten" is neither`, "trunk 1: its calls go nowhere", "trunk 1: capacity",
		"trunk 1: address 10.0.0.1/32 already names trunk 0",
		"trunk 2: no name", `trunk 2: "*.example.org" is no host name`, `trunk 2: queue "http://x"`, `unknown psap "north"`,
		"trunk 3: nothing to know the peer by", "stands twice in different spellings",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("fault not reported: %s", want)
		}
	}
	if _, err := New(c); err == nil {
		t.Error("New took a faulty configuration")
	}
}

func TestQueueKey(t *testing.T) {
	for _, c := range []struct{ uri, key string }{
		{"sip:text-q@PSAP-East.example.org;lr", "sip:text-q@psap-east.example.org"},
		{"<sips:text-q@psap-east.example.org:5061;lr;transport=tls>", "sip:text-q@psap-east.example.org"},
		{`"Queue" <sip:Text-Q@h?x=y>`, "sip:Text-Q@h"},
		{"sip:q:secret@h:5080", "sip:q@h:5080"},
		{"sip:psap.example.", "sip:psap.example"},
		{"sip:[2001:DB8::1]:5060", "sip:[2001:db8::1]"},
		{"URN:Service:SOS", "urn:service:sos"},
		{"tel:911", ""}, {"", ""}, {"sip:", ""}, {"sip:@h", ""}, {"<sip:h", ""}, {"911", ""},
		{"sip:" + strings.Repeat("q", maxURI), ""},
	} {
		if key, ok := queueKey(c.uri); key != c.key || ok != (c.key != "") {
			t.Errorf("queueKey(%.60q) = %q, %v; want %q", c.uri, key, ok, c.key)
		}
	}
}

func FuzzQueueKey(f *testing.F) {
	f.Add("sip:text-q@psap-east.example.org;lr")
	f.Add("<urn:service:sos>")
	f.Fuzz(func(t *testing.T, uri string) {
		key, ok := queueKey(uri)
		if !ok {
			return
		}
		if again, ok := queueKey(key); !ok || again != key {
			t.Errorf("the key is not its own key: %q gives %q", key, again)
		}
	})
}
