package session

import "strings"

// Media types with a meaning of their own.
const (
	typeCPIM      = "message/cpim"
	typeComposing = "application/im-iscomposing+xml"
	typeIMDN      = "message/imdn+xml"
	typeHeartbeat = "text/x-msrp-heartbeat" // a keep-alive of some clients; never shown
)

// mediaType is a content type without parameters, in lower case. It allocates only for
// types that are not in lower case already.
func mediaType(contentType string) string {
	if i := strings.IndexByte(contentType, ';'); i >= 0 {
		contentType = contentType[:i]
	}
	return strings.ToLower(strings.TrimRight(contentType, " \t"))
}

// accepts matches a media type against an accept-types list (RFC 4975 §8.6). An empty list
// accepts everything.
func accepts(list []string, media string) bool {
	for _, t := range list {
		t = mediaType(t)
		if t == "*" || t == media {
			return true
		}
		if kind, ok := strings.CutSuffix(t, "/*"); ok && strings.HasPrefix(media, kind+"/") {
			return true
		}
	}
	return len(list) == 0
}

func isText(media string) bool {
	return strings.HasPrefix(media, "text/") || media == typeCPIM
}
