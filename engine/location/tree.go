package location

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
)

// node is one element. Names are local: public traffic uses undeclared and invented prefixes.
type node struct {
	name     string
	attrs    map[string]string
	text     string
	children []*node
}

// parseTree reads a document within the limits.
func parseTree(doc []byte) (*node, error) {
	if len(doc) > MaxBytes {
		return nil, ErrTooLarge
	}
	dec := xml.NewDecoder(bytes.NewReader(bytes.TrimLeft(bytes.TrimPrefix(doc, []byte("\xef\xbb\xbf")), " \t\r\n")))
	dec.CharsetReader = charset
	var stack []*node
	root, count := (*node)(nil), 0
	for {
		tok, err := dec.Token()
		if errors.Is(err, io.EOF) || (root != nil && len(stack) == 0) {
			break // what follows the root element is not looked at
		}
		if err != nil {
			return nil, ErrGarbled
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			if count++; count > maxElements || len(stack) >= maxDepth || len(tok.Attr) > maxAttrs {
				return nil, ErrTooComplex
			}
			n := &node{name: tok.Name.Local, attrs: attributes(tok.Attr)}
			if len(stack) > 0 {
				up := stack[len(stack)-1]
				up.children = append(up.children, n)
			} else {
				root = n
			}
			stack = append(stack, n)
		case xml.EndElement:
			stack = stack[:len(stack)-1]
		case xml.CharData:
			if len(stack) > 0 {
				stack[len(stack)-1].addText(tok)
			}
		}
	}
	if root == nil {
		return nil, ErrGarbled
	}
	return root, nil
}

func attributes(attrs []xml.Attr) map[string]string {
	if len(attrs) == 0 {
		return nil
	}
	m := make(map[string]string, len(attrs))
	for _, a := range attrs {
		if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" {
			m[a.Name.Local] = a.Value
		}
	}
	return m
}

func (n *node) addText(b []byte) {
	if room := maxText - len(n.text); room > 0 {
		n.text += string(b[:min(len(b), room)])
	}
}

// find returns the first child of a name.
func (n *node) find(name string) *node {
	for _, c := range n.children {
		if strings.EqualFold(c.name, name) {
			return c
		}
	}
	return nil
}

// content is the trimmed text of the first child of a name.
func (n *node) content(name string) string {
	if c := n.find(name); c != nil {
		return strings.TrimSpace(c.text)
	}
	return ""
}

// allText joins the text of an element and everything below it.
func (n *node) allText() string {
	parts := []string{strings.TrimSpace(n.text)}
	for _, c := range n.children {
		parts = append(parts, c.allText())
	}
	return strings.Join(strings.Fields(strings.Join(parts, " ")), " ")
}

// charset reads the single-byte encodings that still occur; anything else is refused.
func charset(label string, in io.Reader) (io.Reader, error) {
	switch strings.ToLower(strings.TrimSpace(label)) {
	case "utf-8", "utf8", "us-ascii", "ascii":
		return in, nil
	case "iso-8859-1", "latin1", "windows-1252", "cp1252":
	default:
		return nil, fmt.Errorf("encoding not supported")
	}
	data, err := io.ReadAll(io.LimitReader(in, MaxBytes))
	if err != nil {
		return nil, err
	}
	// The upper controls of Latin-1 never occur in text; Windows-1252 has its quotes and dashes there.
	high := []rune("€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ")
	var b strings.Builder
	for _, c := range data {
		if c >= 0x80 && c < 0xa0 {
			b.WriteRune(high[c-0x80])
			continue
		}
		b.WriteRune(rune(c))
	}
	return strings.NewReader(b.String()), nil
}
