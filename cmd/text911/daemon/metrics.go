package daemon

import (
	"reflect"
	"strings"
	"unicode"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// statsCollector renders a part's Stats() as metrics when they are asked for: unsigned fields are
// counters (text911_<part>_<field>_total), signed ones gauges, maps get the label "kind". Nothing
// with a name of a person, a number or a call ever stands in a Stats.
type statsCollector struct {
	part  string
	stats func() any
}

func (c statsCollector) Describe(chan<- *prometheus.Desc) {} // unchecked: fields are found when asked

func (c statsCollector) Collect(out chan<- prometheus.Metric) {
	collectStruct(out, "text911_"+c.part, reflect.ValueOf(c.stats()), nil, nil)
}

func collectStruct(out chan<- prometheus.Metric, name string, v reflect.Value, labels, values []string) {
	for i := range v.NumField() {
		f := v.Type().Field(i)
		if f.IsExported() {
			collectValue(out, name+"_"+snake(f.Name), v.Field(i), labels, values)
		}
	}
}

func collectValue(out chan<- prometheus.Metric, name string, v reflect.Value, labels, values []string) {
	switch v.Kind() {
	case reflect.Uint, reflect.Uint32, reflect.Uint64:
		send(out, name+"_total", prometheus.CounterValue, float64(v.Uint()), labels, values)
	case reflect.Int, reflect.Int32, reflect.Int64:
		send(out, name, prometheus.GaugeValue, float64(v.Int()), labels, values)
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

func send(out chan<- prometheus.Metric, name string, t prometheus.ValueType, x float64, labels, values []string) {
	m, err := prometheus.NewConstMetric(prometheus.NewDesc(name, "See the part's Stats.", labels, nil), t, x, values...)
	if err != nil {
		m = prometheus.NewInvalidMetric(prometheus.NewDesc(name, "See the part's Stats.", nil, nil), err)
	}
	out <- m
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
