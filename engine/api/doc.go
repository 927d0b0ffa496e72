// Package api has the types of the JSON that ldcorn writes and reads: what the
// control socket and its commands exchange, and what commands print for programs.
//
// The packages that know a thing convert it into the type of this package. The
// schemas in docs/schema come from these types and their comments; "make docs"
// writes them.
//
// Each kind of document has a version, which its field format_version holds.
// Within a version, fields and words can be added, and all keep their meaning.
package api

import (
	"encoding/json"
	"io"
)

// Write writes a document as the commands print it.
func Write(w io.Writer, document any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(document)
}
