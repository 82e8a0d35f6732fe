// Package location reads and writes PIDF-LO, the location object of emergency calls.
//
// Standards: RFC 3863 and 4119 (PIDF-LO), 5139 and 6848 (civic), 5491 (shapes and how to choose
// among several), 7459 (confidence), and NENA-STA-010.3 §4.2.1.7 (default locations).
//
// Decoding is a walk over tokens with limits on bytes, depth and elements; it is lenient where
// public test traffic is (comma between coordinates, unknown units of angles) and exact where a
// wrong reading would put a caller elsewhere: numbers must be finite and in range, latitude comes
// first. The received bytes are kept with the result, since a location is passed on unchanged.
//
// The package is pure: bytes in, values out.
package location
