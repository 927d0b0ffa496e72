package proxy

import (
	"net/http"
	"unsafe"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/http1"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/static"
)

// A fileAnswer is the answer to a request with a file. It is kept in the Request, so
// that it is not allocated.
type fileAnswer struct {
	file   *static.File // nil if it is a redirect
	fields [maxFileFields]head.Field
	count  int
	text   []byte // backs a field
}

const maxFileFields = 10

func (a *fileAnswer) add(name, value string) {
	if value != "" {
		a.fields[a.count] = head.Field{Name: lent(name), Value: lent(value)}
		a.count++
	}
}

// lent returns the bytes of a text, which nobody may change.
func lent(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// setStatic notes the static that the request was decided to be for.
func (r *Request) setStatic(s *plan.Static) {
	if r.static == nil && s == nil { // mostly
		return
	}
	r.static, r.rec.Static = s, ""
	if s != nil {
		r.rec.Static = s.Prefix
	}
	r.hand.static.Store(s)
}

// findFile finds the file of the request. It reports false if the request goes on,
// because there is none.
func (r *Request) findFile() (found bool, err error) {
	r.file.count = 0
	r.file.file, err = r.folder().Get(r.t, r.static, r.head)
	switch err {
	case nil, static.ErrFolder:
		return true, nil
	case static.ErrMissing:
		if r.static.Fallthrough {
			return false, nil
		}
		return false, errNoFile
	case static.ErrForbidden:
		return false, errForbidden
	case static.ErrStalled:
		return false, errFileLate
	case static.ErrBusy:
		return false, errFileBusy
	case netloop.ErrStopped:
		return false, errStopping
	case netloop.ErrGone:
		return false, err
	}
	r.attempt.why = err.Error()
	return false, errFile
}

// folder returns the folder of the request's static.
func (r *Request) folder() *static.Folder {
	statics := r.snap.Plan.Statics
	for i := range statics {
		if &statics[i] == r.static {
			return r.snap.folders[i]
		}
	}
	panic("proxy: a static of another plan")
}

// releaseFile gives the file back, if there is one.
func (r *Request) releaseFile() {
	if r.file.file != nil {
		r.p.files.Release(r.file.file)
		r.file.file = nil
	}
}

// serveFile answers with the file that findFile has found, or with an error. Nothing
// of the request's body has been asked for.
func (r *Request) serveFile(failed error) error {
	defer r.releaseFile()
	if late := r.checkRate(nil); late != nil {
		return late
	}
	switch {
	case failed != nil:
		return failed
	case r.file.file == nil:
		return r.sendRedirect()
	}
	return r.sendFile(static.AnswerTo(r.head, r.file.file))
}

// sendRedirect sends a client to the same path with a slash at its end.
func (r *Request) sendRedirect() error {
	to := append(append(r.file.text[:0], r.head.RawPath...), '/')
	if len(r.head.Query) > 0 {
		to = append(append(to, '?'), r.head.Query...)
	}
	r.file.text = to[:0]
	r.file.add("Location", unsafe.String(unsafe.SliceData(to), len(to)))
	return r.sendFileHead(http.StatusMovedPermanently, 0)
}

// sendFile sends what a client is to get of the file.
func (r *Request) sendFile(a static.Answer) error {
	f, set := r.file.file, &r.file
	switch a.Status {
	case http.StatusOK, http.StatusPartialContent:
		set.add("Content-Type", f.Media)
		set.add("X-Content-Type-Options", "nosniff")
		set.add("Content-Encoding", f.Coding)
		set.add("Accept-Ranges", "bytes")
	}
	if a.Status == http.StatusPreconditionFailed {
		return r.sendFileHead(a.Status, 0)
	}
	if a.Status != http.StatusRequestedRangeNotSatisfiable {
		set.add("Last-Modified", f.Modified)
		set.add("ETag", f.ETag)
		set.add("Cache-Control", r.static.CacheControl)
	}
	if r.static.Precompressed {
		set.add("Vary", "Accept-Encoding")
	}
	if a.Status == http.StatusPartialContent || a.Status == http.StatusRequestedRangeNotSatisfiable {
		set.text = appendContentRange(set.text[:0], a, f.Size)
		set.add("Content-Range", unsafe.String(unsafe.SliceData(set.text), len(set.text)))
	}
	if err := r.sendFileHead(a.Status, a.Size); err != nil || a.Size == 0 || r.isHead() {
		return err
	}
	if content := f.Content(); content != nil {
		return r.send(content[a.From:a.From+a.Size], true, nil)
	}
	return r.sendLarge(f, a.From, a.Size)
}

// appendContentRange appends which bytes of a file follow (RFC 9110 section 14.4).
func appendContentRange(b []byte, a static.Answer, size int64) []byte {
	b = append(b, "bytes "...)
	if a.Status == http.StatusPartialContent {
		b = append(http1.AppendInt(b, a.From), '-')
		b = http1.AppendInt(b, a.From+a.Size-1)
	} else {
		b = append(b, '*')
	}
	return http1.AppendInt(append(b, '/'), size)
}

// sendFileHead begins an answer with r.file.fields. It sends it if no body follows.
func (r *Request) sendFileHead(status int, size int64) error {
	r.rec.Status = status
	r.toClient = editor{editsOfPlan: r.snap.Plan.ResponseHeaders}
	r.answer = AnswerHead{Status: status, Fields: r.file.fields[:r.file.count], edits: &r.toClient, ID: r.id, Body: BodyLength, Length: size}
	if status == http.StatusNotModified {
		r.answer.Length = -1 // RFC 9110 section 15.4.5: it would be that of the file
	}
	body := size > 0 && !r.isHead()
	if !body {
		r.answer.Body = BodyNone
	}
	r.beginAnswer(!body || r.file.file.Content() != nil)
	if body {
		return nil
	}
	return r.send(nil, true, nil)
}

// sendLarge sends a part of a file that is not in memory.
func (r *Request) sendLarge(f *static.File, from, size int64) error {
	if direct, ok := r.client.(fileSender); ok && direct.SendsFiles() {
		r.begins()
		sent, readErr, writeErr := direct.SendFile(r.t, f, from, size)
		switch {
		case writeErr != nil:
			return r.clientFailed(writeErr)
		case readErr == nil:
			return r.send(nil, true, nil)
		case readErr != netloop.ErrNoSplice:
			return fileCut(readErr)
		}
		from, size = from+sent, size-sent
	}
	for size > 0 {
		var failed error
		err := f.Read(r.t, from, size, func(part []byte) error {
			from, size = from+int64(len(part)), size-int64(len(part))
			failed = r.send(part, size == 0, nil)
			return failed
		})
		switch {
		case failed != nil:
			return failed
		case err != nil:
			return fileCut(err)
		}
	}
	return nil
}

// fileCut is the error for an answer that cannot be completed.
func fileCut(err error) error {
	switch {
	case err == netloop.ErrStopped:
		return errStopping
	case static.IsChanged(err):
		return errFileCut
	}
	return errFileLost
}
