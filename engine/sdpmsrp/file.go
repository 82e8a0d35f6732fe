package sdpmsrp

import "strings"

// File is what a media description says about a file transfer (RFC 5547 §6), as
// received. A line with a Selector carries one file and no chat.
type File struct {
	// Selector is the a=file-selector value; its items are read with Item.
	Selector string
	// TransferID is the a=file-transfer-id value; a new id is a new transfer.
	TransferID string
	// Disposition, Date, Icon and Range are the values of the attributes of
	// those names; empty when absent.
	Disposition, Date, Icon, Range string
}

// selectorItem is one name:"…", type:…, size:… or hash:… item, verbatim.
type selectorItem struct{ key, text string }

// selectorItems splits a selector at spaces outside double quotes.
func selectorItems(selector string) []selectorItem {
	var items []selectorItem
	quoted, start := false, 0
	flush := func(end int) {
		if text := selector[start:end]; text != "" {
			key, _, _ := strings.Cut(text, ":")
			items = append(items, selectorItem{key: strings.ToLower(key), text: text})
		}
	}
	for i := 0; i < len(selector); i++ {
		switch selector[i] {
		case '"':
			quoted = !quoted
		case ' ':
			if !quoted {
				flush(i)
				start = i + 1
			}
		}
	}
	flush(len(selector))
	return items
}

// Item is the value of a selector item (name, type, size, hash), its quotes
// taken off when it is quoted as a whole.
func (f *File) Item(key string) (string, bool) {
	for _, item := range selectorItems(f.Selector) {
		if item.key != key {
			continue
		}
		value := item.text[min(len(key)+1, len(item.text)):]
		if n := len(value); n >= 2 && value[0] == '"' && value[n-1] == '"' {
			value = value[1 : n-1]
		}
		return value, true
	}
	return "", false
}

// pushAnswer is the file part of the answer to a push offer: name, type and
// size mirrored, the same transfer id, the range echoed, and nothing about
// disposition, dates or icon (RFC 5547 §8.3.1).
func (f *File) pushAnswer() *File {
	var kept []string
	for _, item := range selectorItems(f.Selector) {
		switch item.key {
		case "name", "type", "size":
			kept = append(kept, item.text)
		}
	}
	return &File{Selector: strings.Join(kept, " "), TransferID: f.TransferID, Range: f.Range}
}

// refusal mirrors selector and id, so that the offerer knows which file was
// refused (RFC 5547 §8.3).
func (f *File) refusal() *File {
	return &File{Selector: f.Selector, TransferID: f.TransferID}
}

// attributes are the file attributes in the order they are written.
func (f *File) attributes() []attribute {
	var out []attribute
	for _, a := range []attribute{
		{"file-selector", f.Selector}, {"file-transfer-id", f.TransferID},
		{"file-disposition", f.Disposition}, {"file-date", f.Date},
		{"file-icon", f.Icon}, {"file-range", f.Range},
	} {
		if a.value != "" {
			out = append(out, a)
		}
	}
	return out
}
