package daemon

import (
	"reflect"
	"strings"
	"unicode"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// statsCollector renders a part's Stats() as metrics when they are asked for: unsigned fields are
// counters (text911_<part>_<field>_total), signed ones gauges (a name may not end in _count, which is a histogram's), maps get the label "kind". Nothing
// with a name of a person, a number or a call ever stands in a Stats.
type statsCollector struct {
	part  string
	stats func() any
}

func (c statsCollector) Describe(chan<- *prometheus.Desc) {} // unchecked: fields are found when asked

func (c statsCollector) Collect(out chan<- prometheus.Metric) {
	collectStruct(help{out, parts[c.part]}, "text911_"+c.part, reflect.ValueOf(c.stats()), nil, nil)
}

func collectStruct(out help, name string, v reflect.Value, labels, values []string) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.IsExported() {
			collectValue(out, name+"_"+snake(f.Name), v.Field(i), labels, values)
		}
	}
}

func collectValue(out help, name string, v reflect.Value, labels, values []string) {
	switch v.Kind() {
	case reflect.Uint, reflect.Uint32, reflect.Uint64:
		send(out, name+"_total", prometheus.CounterValue, float64(v.Uint()), labels, values)
	case reflect.Int, reflect.Int32, reflect.Int64:
		send(out, strings.TrimSuffix(name, "_count"), prometheus.GaugeValue, float64(v.Int()), labels, values)
	case reflect.Struct:
		collectStruct(out, name, v, labels, values)
	case reflect.Array:
		return // the named counters of a part stand in a map
	case reflect.Map:
		for _, k := range v.MapKeys() {
			collectValue(out, name, v.MapIndex(k), append(labels[:len(labels):len(labels)], "kind"), append(values[:len(values):len(values)], k.String()))
		}
	}
}

func send(out help, name string, t prometheus.ValueType, x float64, labels, values []string) {
	desc := prometheus.NewDesc(name, out.text(name, t), labels, nil)
	m, err := prometheus.NewConstMetric(desc, t, x, values...)
	if err != nil {
		m = prometheus.NewInvalidMetric(desc, err)
	}
	out.to <- m
}

// parts says in a few words what each part is.
var parts = map[string]string{
	"journal": "the log", "engine": "the call engine", "esrp": "the trunks", "leg": "the call legs", "msrp": "MSRP", "sip": "SIP",
	"console": "console connections", "bus": "the NATS bus", "psap": "one PSAP's board and roster", "api": "one PSAP's commands",
}

// help is where metrics of one part go, with what their help texts say.
type help struct {
	to   chan<- prometheus.Metric
	part string
}

// text is the help of a metric: what is counted, of what, and since when.
func (h help) text(name string, t prometheus.ValueType) string {
	what := strings.TrimSuffix(strings.SplitN(name, "_", 3)[2], "_total")
	what = strings.ReplaceAll(what, "_", " ")
	if t == prometheus.CounterValue {
		return "Of " + h.part + ": " + what + " since the start."
	}
	return "Of " + h.part + ": " + what + " now."
}

// snake turns PathMismatch into path_mismatch and ACKs into acks.
func snake(s string) string {
	var b strings.Builder
	for i, r := range s {
		upper := unicode.IsUpper(r)
		if upper && i > 0 && !unicode.IsUpper(rune(s[i-1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

func newRegistry(version string) *prometheus.Registry {
	reg := prometheus.NewRegistry()
	reg.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	build := prometheus.NewGauge(prometheus.GaugeOpts{Name: "text911_build_info", Help: "Always 1.",
		ConstLabels: prometheus.Labels{"version": version}})
	build.Set(1)
	reg.MustRegister(build)
	return reg
}
