package web

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func get(t *testing.T, h http.Handler, method, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w
}

func all(t *testing.T) handler {
	t.Helper()
	h, err := load()
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestServesThePage(t *testing.T) {
	w := get(t, Handler(), http.MethodGet, "/")
	if w.Code != http.StatusOK || w.Header().Get("Content-Type") != "text/html; charset=utf-8" {
		t.Fatalf("GET / = %d %q", w.Code, w.Header().Get("Content-Type"))
	}
	if !strings.Contains(w.Body.String(), `<html lang="en">`) {
		t.Error("the page does not tell its language (WCAG 3.1.1)")
	}
}

// Everything the page asks for is in the binary, and modules come as JavaScript: a browser runs no
// other.
func TestEveryReferenceIsEmbedded(t *testing.T) {
	h := all(t)
	inHTML := regexp.MustCompile(`(?:href|src)="([^"]+)"`)
	inJS := regexp.MustCompile(`(?m)^(?:import|export)[^;]*?from '([^']+)'`)
	seen := 0
	for name, a := range h {
		var refs []string
		switch {
		case name == "/":
			refs = matches(inHTML, a.body)
		case strings.HasPrefix(name, "/js/"):
			if a.kind != "text/javascript; charset=utf-8" {
				t.Errorf("%s is served as %s", name, a.kind)
			}
			refs = matches(inJS, a.body)
		}
		for _, ref := range refs {
			seen++
			if _, ok := h[resolve(name, ref)]; !ok {
				t.Errorf("%s asks for %s, which is not embedded", name, ref)
			}
		}
	}
	if seen < 40 {
		t.Errorf("only %d references found: the test no longer sees them", seen)
	}
}

func matches(re *regexp.Regexp, body []byte) (out []string) {
	for _, m := range re.FindAllSubmatch(body, -1) {
		out = append(out, string(m[1]))
	}
	return out
}

func resolve(from, ref string) string {
	if strings.HasPrefix(ref, "/") {
		return ref
	}
	dir := from[:strings.LastIndex(from, "/")]
	for {
		switch {
		case strings.HasPrefix(ref, "./"):
			ref = ref[2:]
		case strings.HasPrefix(ref, "../"):
			ref, dir = ref[3:], dir[:strings.LastIndex(dir, "/")]
		default:
			return dir + "/" + ref
		}
	}
}

func TestPolicyForbidsWhatThePageDoesNotNeed(t *testing.T) {
	for _, path := range []string{"/", "/js/main.js", "/nothing"} {
		head := get(t, Handler(), http.MethodGet, path).Header()
		policy := head.Get("Content-Security-Policy")
		for _, want := range []string{
			"default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'", "base-uri 'none'",
			"form-action 'none'", "require-trusted-types-for 'script'",
		} {
			if !strings.Contains(policy, want) {
				t.Errorf("%s: policy lacks %q", path, want)
			}
		}
		for _, bad := range []string{"unsafe", "*", "http:", "https:", "data:"} {
			if strings.Contains(policy, bad) {
				t.Errorf("%s: policy has %q", path, bad)
			}
		}
		if head.Get("X-Content-Type-Options") != "nosniff" || head.Get("Referrer-Policy") != "no-referrer" {
			t.Errorf("%s: sniffing or referrers are allowed", path)
		}
	}
}

func TestETag(t *testing.T) {
	h := Handler()
	first := get(t, h, http.MethodGet, "/js/main.js")
	tag := first.Header().Get("ETag")
	if tag == "" || first.Header().Get("Cache-Control") != "no-cache" {
		t.Fatalf("ETag %q, Cache-Control %q", tag, first.Header().Get("Cache-Control"))
	}
	if again := get(t, h, http.MethodGet, "/js/main.js", "If-None-Match", tag); again.Code != http.StatusNotModified || again.Body.Len() != 0 {
		t.Errorf("same tag: %d with %d octets", again.Code, again.Body.Len())
	}
	tags := map[string]string{}
	for name, a := range all(t) {
		if other, twice := tags[a.tag]; twice {
			t.Errorf("%s and %s have one tag", name, other)
		}
		tags[a.tag] = name
	}
}

func TestRefusals(t *testing.T) {
	h := Handler()
	for path, want := range map[string]int{
		"/index.html": 404, "/js/": 404, "/js/../web.go": 404, "/v1/ws": 404, "/static/index.html": 404, "/package.json": 404,
	} {
		if got := get(t, h, http.MethodGet, path).Code; got != want {
			t.Errorf("GET %s = %d, want %d", path, got, want)
		}
	}
	w := get(t, h, http.MethodPost, "/")
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("POST / = %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
	if w := get(t, h, http.MethodHead, "/"); w.Code != http.StatusOK || w.Body.Len() != 0 {
		t.Errorf("HEAD / = %d with %d octets", w.Code, w.Body.Len())
	}
}

// A page of an emergency service asks nobody else for anything. Names of XML namespaces are no
// addresses; licences may name where they come from.
func TestNoExternalAddress(t *testing.T) {
	namespaces := regexp.MustCompile(`http://www\.w3\.org/(2000/svg|1998/Math/MathML|1999/xhtml)`)
	address := regexp.MustCompile(`(?i)\b(https?|wss?|ftp)://|(?:src|href|from|import|url)\s*[=(]?\s*["'(]//`)
	for name, a := range all(t) {
		if strings.HasPrefix(name, "/vendor/LICENSE") {
			continue
		}
		if m := address.Find(namespaces.ReplaceAll(a.body, nil)); m != nil {
			t.Errorf("%s names an address: %s", name, m)
		}
	}
}

// Data reaches the page as text nodes only.
func TestNoMarkupFromStrings(t *testing.T) {
	sinks := regexp.MustCompile(`innerHTML|outerHTML|insertAdjacentHTML|dangerouslySetInnerHTML|document\.write|\beval\(|new Function|srcdoc|DOMParser|javascript:`)
	inline := regexp.MustCompile(`(?i)<script(?:[^>]*>[^<])|<style|\sstyle=|\son[a-z]+="`)
	for name, a := range all(t) {
		if strings.HasPrefix(name, "/js/") {
			if m := sinks.Find(a.body); m != nil {
				t.Errorf("%s uses %s", name, m)
			}
			if regexp.MustCompile(`\sstyle=`).Match(a.body) {
				t.Errorf("%s sets an inline style", name)
			}
		}
		if name == "/" {
			if m := inline.Find(a.body); m != nil {
				t.Errorf("the page has inline %s", m)
			}
		}
	}
}

// The vendored files are the ones their README names.
func TestVendoredFilesAreUnchanged(t *testing.T) {
	h := all(t)
	for name, want := range map[string]string{
		"/vendor/preact.js": "25a5df7e9f628a587743c4641a368737a3b218f28ef738ba0376a2d5bdfc948c",
		"/vendor/htm.js":    "ab33dd3f38059b9be4d5f5350128eefb2356639c4e0bbe9d9e8b3ba75847e9e4",
	} {
		if sum := sha256.Sum256(h[name].body); hex.EncodeToString(sum[:]) != want {
			t.Errorf("%s is another file", name)
		}
	}
	for _, licence := range []string{"/vendor/LICENSE.preact", "/vendor/LICENSE.htm"} {
		if len(h[licence].body) < 1000 {
			t.Errorf("%s is missing", licence)
		}
	}
}
