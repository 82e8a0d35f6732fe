package web

import (
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// palette reads the custom properties of the first :root block after mark.
func palette(t *testing.T, css, mark string) map[string]string {
	t.Helper()
	at := strings.Index(css, mark)
	if at < 0 {
		t.Fatalf("colours.css has no %q", mark)
	}
	rest := css[at:]
	block := rest[strings.Index(rest, ":root {"):]
	block = block[:strings.Index(block, "}")]
	out := map[string]string{}
	for _, m := range regexp.MustCompile(`--([a-z]+):\s*(#[0-9a-f]{6});`).FindAllStringSubmatch(block, -1) {
		out[m[1]] = m[2]
	}
	return out
}

// luminance of a colour as WCAG 2.2 defines it.
func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	n, err := strconv.ParseUint(hex[1:], 16, 32)
	if err != nil {
		t.Fatalf("%s is no colour", hex)
	}
	channel := func(v uint64) float64 {
		c := float64(v&0xff) / 255
		if c <= 0.04045 {
			return c / 12.92
		}
		return math.Pow((c+0.055)/1.055, 2.4)
	}
	return 0.2126*channel(n>>16) + 0.7152*channel(n>>8) + 0.0722*channel(n)
}

func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (math.Max(x, y) + 0.05) / (math.Min(x, y) + 0.05)
}

// WCAG 2.2 1.4.3 and 1.4.11: every colour used for text has 4.5:1 on every ground, in both schemes;
// on a filled control, where ground and colour change places, the ratio is the same. Edges of
// controls have 3:1.
func TestContrast(t *testing.T) {
	css := string(all(t)["/css/colours.css"].body)
	for scheme, mark := range map[string]string{"dark": ":root {", "light": "prefers-color-scheme: light"} {
		p := palette(t, css, mark)
		for _, ground := range []string{"ground", "raised"} {
			for _, text := range []string{"text", "quiet", "new", "late", "mine", "delivered", "unknown", "closed"} {
				if p[text] == "" || p[ground] == "" {
					t.Fatalf("%s: no colour %s or %s", scheme, text, ground)
				}
				if c := contrast(t, p[text], p[ground]); c < 4.5 {
					t.Errorf("%s: %s on %s has %.2f, needs 4.5", scheme, text, ground, c)
				}
			}
			if c := contrast(t, p["edge"], p[ground]); c < 3 {
				t.Errorf("%s: edge on %s has %.2f, needs 3", scheme, ground, c)
			}
		}
	}
}

// The meanings have the colours that were chosen and measured for them.
func TestColoursOfMeanings(t *testing.T) {
	css := string(all(t)["/css/colours.css"].body)
	want := map[string][2]string{ // dark, light
		"ground": {"#0f1419", "#ffffff"}, "text": {"#e6edf3", "#1b1f24"}, "quiet": {"#9da7b3", "#57606a"},
		"new": {"#ffb454", "#8a4b00"}, "late": {"#ff7b72", "#b42318"}, "mine": {"#58a6ff", "#0550ae"},
		"delivered": {"#56d364", "#1a7f37"}, "unknown": {"#d2a8ff", "#6639ba"}, "closed": {"#8b949e", "#66707a"},
	}
	dark, light := palette(t, css, ":root {"), palette(t, css, "prefers-color-scheme: light")
	for name, c := range want {
		if dark[name] != c[0] || light[name] != c[1] {
			t.Errorf("%s is %s and %s, should be %s and %s", name, dark[name], light[name], c[0], c[1])
		}
	}
}

// No other file brings colours of its own past the test above.
func TestColoursStandInOnePlace(t *testing.T) {
	colour := regexp.MustCompile(`#[0-9a-fA-F]{3,8}\b`)
	for _, name := range []string{"/css/layout.css", "/css/parts.css"} {
		if m := colour.Find(all(t)[name].body); m != nil {
			t.Errorf("%s has the colour %s", name, m)
		}
	}
}

// What people who need it ask of a page: schemes, forced colours, less motion, a focus that shows.
func TestStylesheetHonoursPreferences(t *testing.T) {
	var css strings.Builder
	for name, a := range all(t) {
		if strings.HasSuffix(name, ".css") {
			css.Write(a.body)
		}
	}
	for _, want := range []string{"prefers-color-scheme: light", "forced-colors: active", "prefers-reduced-motion", ":focus-visible"} {
		if !strings.Contains(css.String(), want) {
			t.Errorf("no rule for %s", want)
		}
	}
	if strings.Contains(css.String(), "outline: none") || strings.Contains(css.String(), "outline: 0") {
		t.Error("a focus is hidden (WCAG 2.4.7)")
	}
}
