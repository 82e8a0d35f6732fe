// Package config is the configuration of the text911 daemon: one YAML file, TEXT911_* environment
// variables for single values, and flags; flags win over the environment, which wins over the file.
// Unknown keys are errors, and every fault is reported at once. Secrets are read from files named
// here and never stand in the configuration itself.
package config

import "time"

// Config is everything the daemon can be told. The zero value is not useful; start from Default.
type Config struct {
	Node    Node    `koanf:"node"`
	NATS    NATS    `koanf:"nats"`
	HTTP    HTTP    `koanf:"http"`
	Admin   Admin   `koanf:"admin"`
	Auth    Auth    `koanf:"auth"`
	SIP     SIP     `koanf:"sip"`
	MSRP    MSRP    `koanf:"msrp"`
	PSAPs   []PSAP  `koanf:"psaps"`
	Trunks  []Trunk `koanf:"trunks"`
	Logging Logging `koanf:"logging"`
}

// Node is this process.
type Node struct {
	Name         string        `koanf:"name"`          // element name, a domain name; part of minted identifiers
	DataDir      string        `koanf:"data_dir"`      // where the log lives; belongs to one process at a time
	DrainTimeout time.Duration `koanf:"drain_timeout"` // how long SIGTERM waits for live calls
}

// NATS is the log.
type NATS struct {
	URL            string        `koanf:"url"`           // external servers; empty: embedded
	User           string        `koanf:"user"`          // for url
	PasswordFile   string        `koanf:"password_file"` // for url
	CAFile         string        `koanf:"ca_file"`       // for url with tls
	Replicas       int           `koanf:"replicas"`      // copies of each stream, with url
	Listen         string        `koanf:"listen"`        // embedded server's client address; empty: none
	ClientUser     string        `koanf:"client_user"`   // asked of clients of the embedded server
	ClientPassFile string        `koanf:"client_password_file"`
	StoreLimitMiB  int64         `koanf:"store_limit_mib"` // files of the embedded server
	BallastMiB     int64         `koanf:"ballast_mib"`     // given up by an operator when the disk is full; -1: none
	MinFreeMiB     int64         `koanf:"min_free_mib"`    // below this much free disk new texts are refused; -1: not watched
	Dedupe         time.Duration `koanf:"dedupe"`          // how long an event id is remembered
	MaxAge         time.Duration `koanf:"max_age"`         // 0: events are kept for ever
}

// HTTP serves consoles.
type HTTP struct {
	Listen         string   `koanf:"listen"`
	CertFile       string   `koanf:"cert_file"` // with key_file: https and wss
	KeyFile        string   `koanf:"key_file"`
	AllowedOrigins []string `koanf:"allowed_origins"` // besides the page's own origin
}

// Admin serves operators.
type Admin struct {
	Listen string `koanf:"listen"` // empty: none
	PProf  bool   `koanf:"pprof"`
}

// Auth is who may open a console.
type Auth struct {
	Mode       string `koanf:"mode"`        // none (loopback only) or token
	TokensFile string `koanf:"tokens_file"` // lines of "<agent> <token>"
}

// SIP is where trunks reach us.
type SIP struct {
	UDP       []string `koanf:"udp"`
	TCP       []string `koanf:"tcp"`
	TLS       []string `koanf:"tls"`
	Advertise string   `koanf:"advertise"` // host in Contact and SDP; empty: the bound address
	CertFile  string   `koanf:"cert_file"`
	KeyFile   string   `koanf:"key_file"`
	CAFile    string   `koanf:"ca_file"` // verifies trunk peers that are known by certificate name
}

// MSRP is where texts reach us.
type MSRP struct {
	TCP              string        `koanf:"tcp"`       // empty: none
	TLS              string        `koanf:"tls"`       // empty: none; needs sip.cert_file
	Advertise        string        `koanf:"advertise"` // host in a=path; empty: sip.advertise, else the bound address
	Strict           bool          `koanf:"strict"`    // refuse what the standard refuses; false: tolerate and count
	MaxMessageBytes  int64         `koanf:"max_message_bytes"`
	MaxConnections   int           `koanf:"max_connections"`
	MaxPerSource     int           `koanf:"max_connections_per_source"` // that have bound no session; trunks are exempt
	ResponseTimeout  time.Duration `koanf:"response_timeout"`
	ProbationTimeout time.Duration `koanf:"probation_timeout"` // a connection that has bound no session
}

// PSAP is one answering point.
type PSAP struct {
	ID          string        `koanf:"id"`
	Queue       string        `koanf:"queue"`
	Capacity    int           `koanf:"capacity"`     // open calls; above it SIP 486
	Lease       time.Duration `koanf:"lease"`        // a claim without heartbeat ends after this
	IdleWarning time.Duration `koanf:"idle_warning"` // silence until call.idle_warning
	IdleClose   time.Duration `koanf:"idle_close"`   // from the warning to the close
	BrokenFor   time.Duration `koanf:"broken_for"`   // how long a broken leg may be mended
}

// Trunk is one SIP peer that may send us calls.
type Trunk struct {
	Name         string            `koanf:"name"`
	Addresses    []string          `koanf:"addresses"`    // IP addresses and prefixes
	Hosts        []string          `koanf:"hosts"`        // names whose addresses the peer sends from, looked up every five minutes
	Certificates []string          `koanf:"certificates"` // DNS names in the peer's verified certificate
	PSAP         string            `koanf:"psap"`         // where its calls go
	Queues       map[string]string `koanf:"queues"`       // queue URI (Route or Request-URI) to PSAP, before psap
	Answer       string            `koanf:"answer"`       // claim: ring until a taker claims; immediate: answer at once and queue the texts
	Capacity     int               `koanf:"capacity"`     // open calls of this trunk; 0: no own limit
	RequireTLS   bool              `koanf:"require_tls"`  // refuse MSRP without TLS
	Test         bool              `koanf:"test"`         // all its calls are marked as test
}

// Logging is the operator's log on standard error. Text, numbers and positions never reach it.
type Logging struct {
	Level  string `koanf:"level"`  // debug, info, warn, error
	Format string `koanf:"format"` // json or text
}

// Default is what holds when nothing is configured: loopback only, no PSAP.
func Default() Config {
	return Config{
		Node: Node{Name: "text911.localhost", DataDir: "data", DrainTimeout: time.Minute},
		NATS: NATS{Replicas: 1, Listen: "127.0.0.1:4222", StoreLimitMiB: 50 << 10, BallastMiB: 64, MinFreeMiB: 256,
			Dedupe: 10 * time.Minute},
		HTTP:  HTTP{Listen: "127.0.0.1:8911"},
		Admin: Admin{Listen: "127.0.0.1:8912"},
		Auth:  Auth{Mode: "none"},
		SIP:   SIP{UDP: []string{"127.0.0.1:5060"}, TCP: []string{"127.0.0.1:5060"}},
		MSRP: MSRP{TCP: "127.0.0.1:2855", MaxMessageBytes: 256 << 10, MaxConnections: 20000, MaxPerSource: 500,
			ResponseTimeout: 30 * time.Second, ProbationTimeout: 30 * time.Second},
		Logging: Logging{Level: "info", Format: "json"},
	}
}

// DefaultPSAP and DefaultTrunk are what an entry of the lists starts from.
func DefaultPSAP() PSAP {
	return PSAP{Queue: "text", Capacity: 1000, Lease: 30 * time.Second,
		IdleWarning: 10 * time.Minute, IdleClose: 5 * time.Minute, BrokenFor: 5 * time.Minute}
}

func DefaultTrunk() Trunk { return Trunk{Answer: "claim"} }
