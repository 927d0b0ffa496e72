// Package api holds the types of the JSON that ldcorn reads and writes: what
// the control socket and its clients exchange, and what commands print for
// programs.
//
// Packages convert their own types to those of this package. The schemas in
// docs/schema are generated from these types and their comments by "make docs".
//
// Each kind of document has a version in its field format_version. Within a
// version, fields and words can be added, and all keep their meaning.
package api

import (
	"encoding/json"
	"io"
)

// Write writes a document in the form that commands print.
func Write(w io.Writer, document any) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(document)
}
