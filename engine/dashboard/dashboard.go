// Package dashboard has the page of the admin listener: files that are built from
// engine/dashboard/web and embedded, so that running ldcorn needs neither a build nor
// another server. The page reads the data from the listener; no data is in it.
package dashboard

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
)

//go:embed dist web/src/index.html
var embedded embed.FS

// policy lets the page load its own script and style, ask its own server, and nothing
// else (https://www.w3.org/TR/CSP3/). What clients and workers wrote stays text even if
// the page had a mistake.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// A File is a file of the page.
type File struct {
	Path string // of its URL
	body []byte
	mime string
	etag string
}

// types are the media types of the files, by the end of their name.
var types = map[string]string{".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}

// Files returns the files: first the page itself, with the path "/", then what it loads.
func Files() []*File {
	return []*File{read("web/src/index.html", "/"), read("dist/app.js", "/assets/app.js"), read("dist/style.css", "/assets/style.css")}
}

func read(name, at string) *File {
	body, err := fs.ReadFile(embedded, name)
	if err != nil {
		panic(err) // it is embedded
	}
	sum := sha256.Sum256(body)
	return &File{at, body, types[path.Ext(name)], `"` + hex.EncodeToString(sum[:8]) + `"`}
}

// ServeHTTP answers with the file. A browser asks each time whether its copy is current,
// because the next version of ldcorn has another one at the same path.
func (f *File) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-cache")
	h.Set("ETag", f.etag)
	if r.Header.Get("If-None-Match") == f.etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", f.mime)
	_, _ = w.Write(f.body) // fails only if the client has gone
}
