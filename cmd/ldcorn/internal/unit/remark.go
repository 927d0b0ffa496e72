package unit

import "fmt"

// remark adds a remark.
func (w *writer) remark(format string, args ...any) {
	w.remarks = addTo(w.remarks, fmt.Sprintf(format, args...))
}
