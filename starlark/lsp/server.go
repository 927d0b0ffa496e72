package lsp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"sync"
	"time"

	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"
)

// Options control a Server.
type Options struct {
	Version string        // of the program
	Log     *slog.Logger  // receives what goes wrong; never nil
	Delay   time.Duration // from a change of a document to its check
}

// DefaultDelay is a Delay that suits people who type.
const DefaultDelay = 150 * time.Millisecond

// errExit ends the server.
var errExit = errors.New("exit")

// Serve runs a language server until the editor ends it. It returns nil if the editor
// has asked for that as the protocol says, with shutdown and exit. Serve leaves a
// goroutine that reads from in until in ends.
func Serve(ctx context.Context, in io.Reader, out io.Writer, opts Options) error {
	ctx, cancel := context.WithCancel(ctx)
	s := &server{
		opts: opts, ctx: ctx, stream: newStream(in, out), runner: runner{jobLimit},
		documents: make(map[string]*document), entries: make(map[string]*entry), shown: make(map[string][]protocol.Diagnostic),
		results: make(chan result), replies: make(chan reply), cancels: make(map[jsonrpc2.ID]context.CancelFunc),
	}
	defer s.jobs.Wait()
	defer cancel()
	return s.run()
}

// A server has the state of a language server. One goroutine owns it.
type server struct {
	opts   Options
	ctx    context.Context
	stream *stream
	runner runner
	jobs   sync.WaitGroup // goroutines that wait for jobs

	initialized, shutdown bool
	watches               bool // the editor tells of changed files if it is asked to
	snippets              bool // the editor takes snippets as completions

	documents map[string]*document             // by URI
	size      int                              // of all documents
	memory    memory                           // of what is known about them
	entries   map[string]*entry                // by path
	shown     map[string][]protocol.Diagnostic // what the editor shows, by path
	running   *running                         // the check that runs, or nil
	results   chan result
	replies   chan reply
	cancels   map[jsonrpc2.ID]context.CancelFunc // of requests that wait for a job
}

// A message is what the reader has read.
type message struct {
	body []byte
	err  error
}

// A reply is the late answer to a request.
type reply struct {
	id     jsonrpc2.ID
	result any
	err    error
}

func (s *server) run() error {
	messages := make(chan message)
	go func() {
		for {
			body, err := s.stream.read()
			select {
			case messages <- message{body, err}:
			case <-s.ctx.Done():
				return
			}
			if err != nil {
				return
			}
		}
	}()
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		timer.Reset(s.next())
		var err error
		select {
		case m := <-messages:
			if err = m.err; err == nil {
				err = s.receive(m.body)
			}
		case r := <-s.results:
			err = s.finish(r)
		case r := <-s.replies:
			if stop := s.cancels[r.id]; stop != nil {
				stop()
				delete(s.cancels, r.id)
			}
			err = s.reply(r.id, r.result, r.err)
		case <-timer.C:
			s.start()
		case <-s.ctx.Done():
			return s.ctx.Err()
		}
		switch {
		case err == errExit && s.shutdown, err == io.EOF && s.shutdown:
			return nil
		case err == errExit:
			return errors.New("the editor has sent exit without shutdown")
		case err == io.EOF:
			return errors.New("standard input has ended without shutdown")
		case err != nil:
			return err
		}
	}
}

// receive handles a message. An error ends the server.
func (s *server) receive(body []byte) error {
	m, err := jsonrpc2.DecodeMessage(body)
	if err != nil {
		s.opts.Log.Warn("a message is not JSON-RPC", "reason", err)
		return s.reply(jsonrpc2.ID{}, nil, jsonrpc2.NewError(jsonrpc2.ParseError, "not a message of JSON-RPC: "+err.Error()))
	}
	switch m := m.(type) {
	case *jsonrpc2.Call:
		result, err := s.call(m)
		if err == errLater {
			return nil
		}
		return s.reply(m.ID(), result, err)
	case *jsonrpc2.Notification:
		return s.notified(m)
	}
	return nil // the answer to a registration
}

// errLater says that the answer to a request comes later.
var errLater = errors.New("later")

// call answers a request.
func (s *server) call(m *jsonrpc2.Call) (result any, err error) {
	defer func() {
		if p := recover(); p != nil {
			s.opts.Log.Error("a request has failed (this is a bug)", "method", m.Method(), "reason", p, "stack", string(debug.Stack()))
			result, err = nil, jsonrpc2.Errorf(jsonrpc2.InternalError, "%s failed (this is a bug): %v", m.Method(), p)
		}
	}()
	switch {
	case s.shutdown:
		return nil, jsonrpc2.NewError(jsonrpc2.InvalidRequest, "the server is shut down")
	case m.Method() == protocol.MethodInitialize && s.initialized:
		return nil, jsonrpc2.NewError(jsonrpc2.InvalidRequest, "the server is initialized")
	case m.Method() != protocol.MethodInitialize && !s.initialized:
		return nil, jsonrpc2.NewError(jsonrpc2.ServerNotInitialized, "the server waits for initialize")
	}
	answer, known := requests[m.Method()]
	if !known {
		return nil, jsonrpc2.Errorf(jsonrpc2.MethodNotFound, "%s is not supported", m.Method())
	}
	return answer(s, m)
}

// requests are the methods that the server answers.
var requests = map[string]func(*server, *jsonrpc2.Call) (any, error){
	protocol.MethodInitialize:                 asked((*server).initialize),
	protocol.MethodShutdown:                   func(s *server, _ *jsonrpc2.Call) (any, error) { s.shutdown = true; return nil, nil },
	protocol.MethodTextDocumentCompletion:     asked((*server).completion),
	protocol.MethodTextDocumentHover:          asked((*server).hover),
	protocol.MethodTextDocumentSignatureHelp:  asked((*server).signature),
	protocol.MethodTextDocumentDefinition:     asked((*server).definition),
	protocol.MethodTextDocumentDocumentSymbol: asked((*server).symbols),
	protocol.MethodTextDocumentCodeAction:     asked((*server).actions),
	protocol.MethodTextDocumentFormatting:     asked((*server).format),
}

// asked returns the answer of a method to a request with parameters.
func asked[P any](answer func(*server, jsonrpc2.ID, *P) (any, error)) func(*server, *jsonrpc2.Call) (any, error) {
	return func(s *server, m *jsonrpc2.Call) (any, error) {
		p := new(P)
		if err := protocol.Unmarshal(m.Params(), p); err != nil {
			return nil, jsonrpc2.Errorf(jsonrpc2.InvalidParams, "the parameters of %s: %v", m.Method(), err)
		}
		return answer(s, m.ID(), p)
	}
}

// notified handles a notification. An error ends the server.
func (s *server) notified(m *jsonrpc2.Notification) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.opts.Log.Error("a notification has failed (this is a bug)", "method", m.Method(), "reason", p, "stack", string(debug.Stack()))
			err = nil
		}
	}()
	if m.Method() == protocol.MethodExit {
		return errExit
	}
	handle, known := notifications[m.Method()]
	if !known || !s.initialized || s.shutdown {
		return nil // the protocol says so, and unknown ones have no effect
	}
	return handle(s, m.Params())
}

// notifications are those that have an effect, besides exit.
var notifications = map[string]func(*server, jsonrpc2.RawMessage) error{
	protocol.MethodInitialized:                    func(s *server, _ jsonrpc2.RawMessage) error { return s.watch() },
	protocol.MethodTextDocumentDidOpen:            told((*server).didOpen),
	protocol.MethodTextDocumentDidChange:          told((*server).didChange),
	protocol.MethodTextDocumentDidClose:           told((*server).didClose),
	protocol.MethodTextDocumentDidSave:            func(s *server, _ jsonrpc2.RawMessage) error { s.touchAll(); return nil },
	protocol.MethodWorkspaceDidChangeWatchedFiles: func(s *server, _ jsonrpc2.RawMessage) error { s.touchAll(); return nil },
	protocol.MethodCancelRequest:                  told((*server).cancel),
}

// told returns the handler of a notification with parameters.
func told[P any](handle func(*server, *P) error) func(*server, jsonrpc2.RawMessage) error {
	return func(s *server, raw jsonrpc2.RawMessage) error {
		p := new(P)
		if err := protocol.Unmarshal(raw, p); err != nil {
			s.opts.Log.Warn("a notification has wrong parameters", "reason", err)
			return nil
		}
		return handle(s, p)
	}
}

// reply answers a request. An error ends the server.
func (s *server) reply(id jsonrpc2.ID, result any, err error) error {
	raw := jsonrpc2.RawMessage("null")
	if err == nil && result != nil {
		var failed error
		if raw, failed = protocol.Marshal(result); failed != nil {
			err = fmt.Errorf("the answer cannot be written: %w", failed)
		}
	}
	if err != nil && !errors.As(err, new(*jsonrpc2.Error)) {
		err = jsonrpc2.NewError(jsonrpc2.InternalError, err.Error())
	}
	if err != nil {
		raw = nil
	}
	return s.stream.write(jsonrpc2.NewResponse(id, raw, err))
}

// notify sends a notification.
func (s *server) notify(method string, params any) error {
	raw, err := protocol.Marshal(params)
	if err != nil {
		return err
	}
	return s.stream.write(jsonrpc2.NewNotification(method, raw))
}

// cancel gives up a request that waits for a job.
func (s *server) cancel(p *protocol.CancelParams) error {
	var id jsonrpc2.ID
	switch v := p.ID.(type) {
	case protocol.Integer:
		id = jsonrpc2.NewNumberID(int64(v))
	case protocol.String:
		id = jsonrpc2.NewStringID(string(v))
	}
	if stop := s.cancels[id]; stop != nil {
		stop()
	}
	return nil
}
