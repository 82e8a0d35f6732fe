package console

import (
	"io"
	"net/http"

	"text911/psap/api"
)

// ServeAsyncAPI answers GET /v1/asyncapi.json.
func ServeAsyncAPI(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "max-age=300")
	_, _ = io.WriteString(w, api.AsyncAPI())
}
