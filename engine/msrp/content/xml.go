package content

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// node is an XML element with what is inside. Namespaces are resolved.
type node struct {
	name     xml.Name
	text     []byte
	children []*node
}

// child gives the first child of that namespace and name, or nil.
func (n *node) child(space, local string) *node {
	for _, c := range n.children {
		if c.name.Space == space && c.name.Local == local {
			return c
		}
	}
	return nil
}

func (n *node) childText(space, local string) string {
	if c := n.child(space, local); c != nil {
		return strings.TrimSpace(string(c.text))
	}
	return ""
}

// parseXML reads a small document. DTDs, processing instructions other than the
// declaration, unknown entities, other encodings than UTF-8, deep nesting and long inputs
// are refused, so that no input costs more than its size.
func parseXML(body []byte, limit int) (*node, error) {
	if len(body) > limit {
		return nil, malformed("xml too long")
	}
	d := xml.NewDecoder(bytes.NewReader(body))
	var root *node
	var open []*node
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, malformed("xml")
		}
		switch t := token.(type) {
		case xml.Directive:
			return nil, malformed("xml with a document type")
		case xml.ProcInst:
			if t.Target != "xml" {
				return nil, malformed("xml processing instruction")
			}
		case xml.StartElement:
			n := &node{name: t.Name}
			switch {
			case len(open) == maxXMLDepth:
				return nil, malformed("xml too deep")
			case len(open) > 0:
				parent := open[len(open)-1]
				parent.children = append(parent.children, n)
			case root != nil:
				return nil, malformed("xml with two roots")
			default:
				root = n
			}
			open = append(open, n)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				top := open[len(open)-1]
				top.text = append(top.text, t...)
			}
		}
	}
	if root == nil {
		return nil, malformed("xml without root")
	}
	return root, nil
}

func appendXMLText(dst []byte, s string) []byte {
	var b bytes.Buffer
	// EscapeText writes to a buffer, which does not fail.
	_ = xml.EscapeText(&b, []byte(s))
	return append(dst, b.Bytes()...)
}
