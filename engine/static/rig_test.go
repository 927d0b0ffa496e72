package static

import (
	"bytes"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ldcorn/ldcorn/engine/head"
	"github.com/ldcorn/ldcorn/engine/netloop"
	"github.com/ldcorn/ldcorn/engine/plan"
)

// A task is a netloop.Task that can only wait.
type task struct {
	netloop.Task
	woken chan struct{}
	gone  chan struct{} // closed: every wait ends with ErrGone
}

func newTask() *task { return &task{woken: make(chan struct{}, 1), gone: make(chan struct{})} }

func (t *task) Now() netloop.Time { return netloop.Now() }

func (t *task) Wake() {
	select {
	case t.woken <- struct{}{}:
	default:
	}
}

func (t *task) Park(until netloop.Time) error {
	late := time.NewTimer(until.Sub(netloop.Now()))
	defer late.Stop()
	select {
	case <-t.woken:
		return nil
	case <-t.gone:
		return netloop.ErrGone
	case <-late.C:
		return netloop.ErrTimeout
	}
}

// A rig is a folder in a Set.
type rig struct {
	t      *testing.T
	dir    string
	set    *Set
	static plan.Static
	folder *Folder
	task   *task
	log    bytes.Buffer
}

func newRig(t *testing.T, change ...func(*rig)) *rig {
	r := &rig{t: t, dir: t.TempDir(), task: newTask()}
	r.set = New(slog.New(slog.NewTextHandler(&r.log, nil)))
	r.static = plan.Static{Prefix: "/", Dir: r.dir, Index: "index.html", Precompressed: true}
	for _, c := range change {
		c(r)
	}
	r.folder = r.set.Configure([]plan.Static{r.static}, Limits{Files: 8})[0]
	return r
}

// old is when the files of a rig were changed, so that their tags are strong.
var old = time.Now().Add(-time.Hour).Truncate(time.Second)

// write writes a file that was changed long ago. (Its ctime is younger.)
func (r *rig) write(name, content string) {
	path := filepath.Join(r.dir, name)
	require.NoError(r.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(r.t, os.WriteFile(path, []byte(content), 0o644))
	require.NoError(r.t, os.Chtimes(path, old, old))
}

// ask makes the head of a GET.
func ask(t *testing.T, target string, fields ...string) *head.Request {
	var list []head.Field
	list = append(list, head.Field{Name: []byte("Host"), Value: []byte("x")})
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ": ")
		list = append(list, head.Field{Name: []byte(name), Value: []byte(value)})
	}
	r := new(head.Request)
	r.Reset()
	require.Nil(t, r.Fill("HTTP/1.1", []byte(http.MethodGet), []byte(target), list, false, false), target)
	return r
}

// get gets a file, and releases it at the end of the test.
func (r *rig) get(target string, fields ...string) (*File, error) {
	f, err := r.folder.Get(r.task, &r.static, ask(r.t, target, fields...))
	if err == nil {
		r.t.Cleanup(func() { r.set.Release(f) })
	}
	return f, err
}

// content gets the content of a file.
func (r *rig) content(target string, fields ...string) (string, error) {
	f, err := r.get(target, fields...)
	if err != nil {
		return "", err
	}
	return r.read(f)
}

func (r *rig) read(f *File) (string, error) {
	if c := f.Content(); c != nil {
		return string(c), nil
	}
	var b strings.Builder
	for off := int64(0); off < f.Size; off = int64(b.Len()) {
		if err := f.Read(r.task, off, f.Size-off, func(part []byte) error {
			b.Write(part)
			return nil
		}); err != nil {
			return b.String(), err
		}
	}
	return b.String(), nil
}

// expire makes the next Get look at the files.
func (r *rig) expire() {
	r.set.mu.Lock()
	defer r.set.mu.Unlock()
	for e := r.set.entries.Front(); e != nil; e = e.Next() {
		e.Value.(*entry).until = 1
	}
}

// settle makes the tags of the files that are remembered strong, as if time had
// passed.
func (r *rig) settle() {
	r.set.mu.Lock()
	defer r.set.mu.Unlock()
	for e := r.set.entries.Front(); e != nil; e = e.Next() {
		if f := e.Value.(*entry).file; f != nil {
			f.ETag = f.id.tag()
		}
	}
}
