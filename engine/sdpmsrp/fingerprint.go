package sdpmsrp

import (
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"strings"
)

// Fingerprint is one a=fingerprint value (RFC 8122 §5): a hash over the DER
// form of a certificate.
type Fingerprint struct {
	// Hash is the function's name in lower case: sha-256, sha-384, sha-512, sha-1.
	Hash string
	// Sum is the digest, in octets.
	Sum []byte
}

// FingerprintOf is the sha-256 fingerprint of a certificate in DER form.
func FingerprintOf(der []byte) Fingerprint {
	sum := sha256.Sum256(der)
	return Fingerprint{Hash: "sha-256", Sum: sum[:]}
}

// String is the attribute's value: upper-case hex pairs joined by colons.
func (f Fingerprint) String() string {
	var b strings.Builder
	b.WriteString(f.Hash + " ")
	for i, octet := range f.Sum {
		if i > 0 {
			b.WriteByte(':')
		}
		fmt.Fprintf(&b, "%02X", octet)
	}
	return b.String()
}

// strength orders the hash functions; 0 means not accepted at all (md5, md2).
func strength(hash string) int {
	switch hash {
	case "sha-1":
		return 1
	case "sha-256":
		return 2
	case "sha-384":
		return 3
	case "sha-512":
		return 4
	}
	return 0
}

func digest(hash string, der []byte) []byte {
	switch hash {
	case "sha-1":
		sum := sha1.Sum(der)
		return sum[:]
	case "sha-256":
		sum := sha256.Sum256(der)
		return sum[:]
	case "sha-384":
		sum := sha512.Sum384(der)
		return sum[:]
	case "sha-512":
		sum := sha512.Sum512(der)
		return sum[:]
	}
	return nil
}

// parseFingerprint reads an attribute value. lower reports lower-case hex.
func parseFingerprint(value string) (f Fingerprint, lower, ok bool) {
	fields := strings.Fields(value)
	if len(fields) != 2 {
		return f, false, false
	}
	f.Hash = strings.ToLower(fields[0])
	lower = fields[1] != strings.ToUpper(fields[1])
	pairs := strings.Split(fields[1], ":")
	for _, p := range pairs {
		octet, err := hex.DecodeString(p)
		if err != nil || len(octet) != 1 {
			return f, lower, false
		}
		f.Sum = append(f.Sum, octet[0])
	}
	return f, lower, strength(f.Hash) == 0 || len(f.Sum) == len(digest(f.Hash, nil))
}

// Fingerprints are all fingerprints of one media description.
type Fingerprints []Fingerprint

// strongest keeps those of the strongest accepted hash function (RFC 8122 §5.1).
func (fs Fingerprints) strongest(allowSHA1 bool) Fingerprints {
	best := 0
	for _, f := range fs {
		if s := strength(f.Hash); s > best && (s > 1 || allowSHA1) {
			best = s
		}
	}
	if best == 0 {
		return nil
	}
	var out Fingerprints
	for _, f := range fs {
		if strength(f.Hash) == best {
			out = append(out, f)
		}
	}
	return out
}

// Check reports whether a peer's leaf certificate, in DER form, equals one of
// the fingerprints. The comparison takes the same time wherever they differ.
func (fs Fingerprints) Check(der []byte) error {
	match := 0
	for _, f := range fs {
		match |= subtle.ConstantTimeCompare(f.Sum, digest(f.Hash, der))
	}
	if match != 1 {
		return fmt.Errorf("certificate matches none of %d fingerprints", len(fs))
	}
	return nil
}

func (fs Fingerprints) equal(other Fingerprints) bool {
	if len(fs) != len(other) {
		return false
	}
	for i := range fs {
		if fs[i].Hash != other[i].Hash || subtle.ConstantTimeCompare(fs[i].Sum, other[i].Sum) != 1 {
			return false
		}
	}
	return true
}
