package lsp

import (
	"path/filepath"

	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"

	"github.com/ldcorn/ldcorn/engine/regular"
	"github.com/ldcorn/ldcorn/starlark/config"
)

// pathOf returns the path of a file, or "".
func pathOf(u uri.URI) string {
	if !u.IsFile() || u.Authority() != "" {
		return ""
	}
	return filepath.Clean(u.FsPath())
}

func (s *server) didOpen(p *protocol.DidOpenTextDocumentParams) error {
	d := &document{uri: p.TextDocument.URI, path: pathOf(p.TextDocument.URI), version: p.TextDocument.Version, memory: &s.memory}
	s.drop(string(d.uri))
	s.documents[string(d.uri)] = d
	s.put(d, func() { d.set(p.TextDocument.Text) })
	s.touch(d)
	return nil
}

func (s *server) didChange(p *protocol.DidChangeTextDocumentParams) error {
	d := s.documents[string(p.TextDocument.URI)]
	if d == nil {
		return nil
	}
	d.version = p.TextDocument.Version
	for _, c := range p.ContentChanges {
		s.put(d, func() { d.change(c) })
	}
	s.touch(d)
	return nil
}

func (s *server) didClose(p *protocol.DidCloseTextDocumentParams) error {
	d := s.documents[string(p.TextDocument.URI)]
	if d == nil {
		return nil
	}
	s.drop(string(d.uri))
	s.touch(d)
	return s.prune()
}

// put changes the text of a document. If it becomes too large, the document is empty
// from then on.
func (s *server) put(d *document, change func()) {
	s.size -= len(d.text)
	change()
	if s.size+len(d.text) > maxDocuments {
		s.opts.Log.Warn("the open files are too large together; this one is taken as empty", "file", d.path, "limit", maxDocuments)
		d.set("")
	}
	s.size += len(d.text)
}

func (s *server) drop(uri string) {
	if d := s.documents[uri]; d != nil {
		s.size -= len(d.text)
		delete(s.documents, uri)
	}
}

// at returns the open document of a path, or nil.
func (s *server) at(path string) *document {
	for _, d := range s.documents {
		if d.path == path {
			return d
		}
	}
	return nil
}

// file returns the document of a path, open or not, or nil if it cannot be read.
func (s *server) file(path string) *document {
	if d := s.at(path); d != nil {
		return d
	}
	text, err := regular.ReadFile(path, config.MaxFileSize)
	if err != nil {
		return nil
	}
	return &document{uri: uri.File(path), path: path, text: string(text)}
}

// uriOf returns the URI of a path, as the editor writes it if it has the file open.
func (s *server) uriOf(path string) uri.URI {
	if d := s.at(path); d != nil {
		return d.uri
	}
	return uri.File(path)
}

// texts returns the texts of all open documents, by absolute path and by the path with
// symbolic links followed.
func (s *server) texts() map[string][]byte {
	out := make(map[string][]byte)
	for _, d := range s.documents {
		if d.path == "" {
			continue
		}
		out[d.path] = []byte(d.text)
		if real, err := filepath.EvalSymlinks(d.path); err == nil {
			out[real] = out[d.path]
		}
	}
	return out
}
