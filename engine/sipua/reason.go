package sipua

import (
	"fmt"
	"strconv"
	"strings"

	"text911/callmodel"
)

// Reasons that are sent with BYE and CANCEL (RFC 3326 §2; causes of ITU-T Q.850).
func q850(cause int, text string) Reason {
	return Reason{Protocol: "Q.850", Cause: cause, Text: callmodel.Private(text)}
}

// ReasonNormal is normal clearing.
func ReasonNormal() Reason { return q850(16, "Normal call clearing") }

// ReasonMediaLost says that the media connection was lost and could not be mended.
func ReasonMediaLost() Reason { return q850(41, "Temporary failure") }

// ReasonResources says that we ran out of something.
func ReasonResources() Reason { return q850(47, "Resource unavailable") }

// ReasonElsewhere is for forks that lost.
func ReasonElsewhere() Reason {
	return Reason{Protocol: "SIP", Cause: 200, Text: "Call completed elsewhere"}
}

// addReasons writes one Reason field; each protocol may stand in it once.
func addReasons(w *writer, reasons []Reason) {
	var values []string
	seen := map[string]bool{}
	for _, r := range reasons {
		if seen[strings.ToLower(r.Protocol)] || r.Protocol == "" {
			continue
		}
		seen[strings.ToLower(r.Protocol)] = true
		v := r.Protocol
		if r.Cause != 0 {
			v += ";cause=" + strconv.Itoa(r.Cause)
		}
		if r.Text != "" {
			v += fmt.Sprintf(`;text="%s"`, strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(r.Text.Reveal()))
		}
		values = append(values, v)
	}
	if len(values) > 0 {
		w.add("Reason", strings.Join(values, ", "))
	}
}

// readReasons reads all values; unknown protocols are kept.
func readReasons(m *message) []Reason {
	var out []Reason
	for _, v := range m.list("reason") {
		p := splitParams(v)
		if len(p) == 0 {
			continue
		}
		r := Reason{Protocol: p[0]}
		if c, ok := param(v, "cause"); ok {
			if n, err := strconv.ParseUint(c, 10, 16); err == nil {
				r.Cause = int(n)
			}
		}
		if t, ok := param(v, "text"); ok {
			r.Text = callmodel.Private(t)
		}
		out = append(out, r)
	}
	return out
}
