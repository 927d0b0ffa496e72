package lsp

import (
	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"
)

// initialize tells the editor what the server can do.
func (s *server) initialize(_ jsonrpc2.ID, p *protocol.InitializeParams) (any, error) {
	s.initialized = true
	if w := p.Capabilities.Workspace; w != nil && w.DidChangeWatchedFiles != nil {
		s.watches = isTrue(w.DidChangeWatchedFiles.DynamicRegistration)
	}
	if d := p.Capabilities.TextDocument; d != nil && d.Completion != nil && d.Completion.CompletionItem != nil {
		s.snippets = isTrue(d.Completion.CompletionItem.SnippetSupport)
	}
	yes, change := true, protocol.TextDocumentSyncKindIncremental
	return &protocol.InitializeResult{
		Capabilities: protocol.ServerCapabilities{
			PositionEncoding:           protocol.PositionEncodingKindUTF16, // every editor has it
			TextDocumentSync:           &protocol.TextDocumentSyncOptions{OpenClose: &yes, Change: &change, Save: protocol.Boolean(true)},
			CompletionProvider:         &protocol.CompletionOptions{TriggerCharacters: []string{".", "\"", "'", "(", ","}},
			HoverProvider:              protocol.Boolean(true),
			SignatureHelpProvider:      &protocol.SignatureHelpOptions{TriggerCharacters: []string{"(", ","}},
			DefinitionProvider:         protocol.Boolean(true),
			DocumentSymbolProvider:     protocol.Boolean(true),
			CodeActionProvider:         &protocol.CodeActionOptions{CodeActionKinds: []protocol.CodeActionKind{protocol.CodeActionKindQuickFix}},
			DocumentFormattingProvider: protocol.Boolean(true),
		},
		ServerInfo: protocol.ServerInfo{Name: "ldcorn", Version: protocol.NewOptional(s.opts.Version)},
	}, nil
}

func isTrue(b *bool) bool { return b != nil && *b }

// watched are the files whose changes can change a configuration.
var watched = []string{"**/*.star", "**/ldconfig.py", "**/*.{json,yaml,yml,toml}", "**/.env*"}

// watch asks the editor to tell of changed files.
func (s *server) watch() error {
	if !s.watches {
		return nil
	}
	var opts protocol.DidChangeWatchedFilesRegistrationOptions
	for _, glob := range watched {
		opts.Watchers = append(opts.Watchers, protocol.FileSystemWatcher{GlobPattern: protocol.Pattern(glob)})
	}
	raw, err := protocol.Marshal(&opts)
	if err != nil {
		return err
	}
	params, err := protocol.Marshal(&protocol.RegistrationParams{Registrations: []protocol.Registration{{
		ID: "files", Method: protocol.MethodWorkspaceDidChangeWatchedFiles, RegisterOptions: raw,
	}}})
	if err != nil {
		return err
	}
	return s.stream.write(jsonrpc2.NewCall(jsonrpc2.NewStringID("files"), protocol.MethodClientRegisterCapability, params))
}
