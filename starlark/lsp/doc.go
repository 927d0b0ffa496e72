// Package lsp is a language server for configurations. It speaks the Language Server
// Protocol over two streams.
//
// One goroutine owns the state of the server: the documents that the editor has open,
// and what is known about the configurations that they belong to. It answers from the
// tokens of a document, which exist even while the text is not correct. Whatever takes
// the interpreter or a formatter is a job for a confined process, one at a time, with
// limits on memory and time: see Work. That process gets the texts that are not saved,
// and never runs Python.
package lsp

// These limit what the server keeps.
const (
	maxMessage   = 32 << 20  // bytes of one message
	maxDocuments = 64 << 20  // bytes of all open documents
	maxParsed    = 512 << 10 // bytes of a document that is split into tokens
	maxAnswer    = 32 << 20  // bytes of the answer of a job
	maxItems     = 1000      // of a list of completions or symbols
	maxRoutes    = 300       // that are explained
)
