package daemon

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"
	"strings"
)

// readSecret reads a password file; an empty name is no password.
func readSecret(file string) (string, error) {
	if file == "" {
		return "", nil
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("secret: %w", err)
	}
	return strings.TrimSpace(string(raw)), nil
}

func readPool(file string) (*x509.CertPool, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("certificate authorities: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(raw) {
		return nil, fmt.Errorf("%s holds no certificate", file)
	}
	return pool, nil
}

// serverTLS is TLS 1.2 and up (RFC 9325). With a CA file, client certificates are asked for and
// verified, so that a trunk peer can be known by name; one without is left to its address.
func serverTLS(certFile, keyFile, caFile string) (*tls.Config, error) {
	if certFile == "" {
		return nil, nil
	}
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, fmt.Errorf("certificate: %w", err)
	}
	c := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	if caFile == "" {
		return c, nil
	}
	pool, err := readPool(caFile)
	if err != nil {
		return nil, err
	}
	c.ClientCAs, c.RootCAs, c.ClientAuth = pool, pool, tls.VerifyClientCertIfGiven
	return c, nil
}

// readTokens reads lines of "<agent> <token>"; blank lines and lines that begin with # are passed
// over.
func readTokens(file string) (map[string]string, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("tokens: %w", err)
	}
	tokens := map[string]string{}
	var faults []error
	for i, line := range strings.Split(string(raw), "\n") {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		agent, token, ok := strings.Cut(line, " ")
		token = strings.TrimSpace(token)
		switch {
		case !ok || len(token) < 16:
			faults = append(faults, fmt.Errorf("%s line %d: want an agent and a token of 16 characters or more", file, i+1))
		case tokens[token] != "":
			faults = append(faults, fmt.Errorf("%s line %d: the token stands twice", file, i+1))
		default:
			tokens[token] = agent
		}
	}
	return tokens, errors.Join(faults...)
}
