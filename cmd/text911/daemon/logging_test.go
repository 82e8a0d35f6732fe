package daemon

import (
	"bytes"
	"strings"
	"testing"

	"text911/callmodel"
	"text911/cmd/text911/config"
)

func TestPrivateNeverReachesTheLogEvenByMistake(t *testing.T) {
	for _, format := range []string{"json", "text"} {
		var b bytes.Buffer
		NewLogger(&b, config.Logging{Level: "debug", Format: format}).With("caller", callmodel.Private("SECRET1")).
			Info("mistake", "text", callmodel.Private("SECRET2"))
		if strings.Contains(b.String(), "SECRET") || !strings.Contains(b.String(), "private") {
			t.Errorf("%s: private content in the log", format)
		}
	}
}
