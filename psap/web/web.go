// Package web holds the console page of a call taker and serves it: plain ES modules, one style
// sheet, two vendored files of a view library, all embedded, nothing fetched from elsewhere and
// nothing built beforehand.
//
// The page talks to the WebSocket at /v1/ws and to POST /v1/tickets of the server it came from,
// which somebody else provides. Everything it shows is set as text nodes; the policy in the answer's
// header forbids inline script and style, other origins, frames and HTML made from strings.
//
// A Handler keeps no state and is safe for concurrent use.
package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"time"
)

//go:embed static
var files embed.FS

// Policy is the Content-Security-Policy of every answer. The one Trusted Types policy it names
// hands out the address of the page's clock worker and nothing else.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; " +
	"img-src 'self' blob:; worker-src 'self'; base-uri 'none'; form-action 'none'; " +
	"frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types text911"

const index = "index.html"

// asset is one embedded file as it is served.
type asset struct {
	body []byte
	tag  string // strong ETag, from the content
	kind string // Content-Type
}

// Handler serves the page at / and its files beside it; everything else is 404. Mount it below the
// API, it takes no path that begins with /v1/.
func Handler() http.Handler {
	all, err := load()
	if err != nil {
		panic("web: an embedded file cannot be read: " + err.Error())
	}
	return handler(all)
}

type handler map[string]asset

func (h handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	secure(w.Header())
	a, ok := h[r.URL.Path]
	if !ok {
		http.Error(w, "no such page", http.StatusNotFound)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	w.Header().Set("Content-Type", a.kind)
	w.Header().Set("ETag", a.tag)
	// Asked for again each time, answered with 304: after an upgrade no screen runs a mixture of two
	// versions.
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.body))
}

func secure(h http.Header) {
	h.Set("Content-Security-Policy", Policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
}

// load reads every embedded file under the path it is served at.
func load() (handler, error) {
	all := handler{}
	err := fs.WalkDir(files, "static", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		body, err := files.ReadFile(name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		a := asset{body: body, kind: kindOf(name), tag: `"` + base64.RawURLEncoding.EncodeToString(sum[:18]) + `"`}
		served := strings.TrimPrefix(name, "static")
		if served == "/"+index {
			served = "/"
		}
		all[served] = a
		return nil
	})
	return all, err
}

// kindOf does not ask the machine's own tables: a module served as text/plain does not run.
func kindOf(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	return mime.FormatMediaType("text/plain", map[string]string{"charset": "utf-8"})
}
