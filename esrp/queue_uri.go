package esrp

import "strings"

// maxURI is the longest queue URI that is looked at.
const maxURI = 1024

// queueKey reduces a queue URI to what is compared: user, host and port of a sip or sips URI, or
// the whole of a urn in lower case. Parameters (;lr above all), headers, brackets and the display
// name do not name a queue, sip and sips reach the same one, and a default port is none. Case
// counts in the user part only (RFC 3261 §19.1.4).
func queueKey(uri string) (key string, ok bool) {
	if len(uri) > maxURI {
		return "", false
	}
	uri = strings.TrimSpace(uri)
	if i := strings.IndexByte(uri, '<'); i >= 0 {
		uri = uri[i+1:]
		if uri, _, ok = strings.Cut(uri, ">"); !ok {
			return "", false
		}
	}
	scheme, rest, found := strings.Cut(uri, ":")
	if !found || rest == "" {
		return "", false
	}
	switch strings.ToLower(scheme) {
	case "sip", "sips":
		return sipKey(rest)
	case "urn":
		return strings.ToLower(uri), !strings.ContainsFunc(uri, notURI)
	}
	return "", false
}

func sipKey(rest string) (string, bool) {
	user := ""
	if i := strings.IndexByte(rest, '@'); i >= 0 {
		user, rest = rest[:i], rest[i+1:]
		user, _, _ = strings.Cut(user, ":") // a password is no part of the name
		if user == "" {
			return "", false
		}
		user += "@"
	}
	if i := strings.IndexAny(rest, ";?"); i >= 0 {
		rest = rest[:i]
	}
	host, port := strings.ToLower(rest), ""
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		host, port = host[:i], host[i:]
	}
	host = strings.TrimRight(host, ".")
	if host == "" || port == ":" || strings.ContainsFunc(user+host+port, notURI) || strings.Contains(strings.Trim(host, "[]"), ":") != (host[0] == '[') {
		return "", false
	}
	if port == ":5060" || port == ":5061" {
		port = ""
	}
	return "sip:" + user + host + port, true
}

// notURI are characters that stand in no URI.
func notURI(r rune) bool { return r <= ' ' || r >= 0x7f || r == '<' || r == '>' || r == '"' }
