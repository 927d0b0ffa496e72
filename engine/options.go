package engine

import (
	"context"
	"io"
	"log/slog"
	"net"

	"github.com/ldcorn/ldcorn/engine/accesslog"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/logbook"
	"github.com/ldcorn/ldcorn/engine/plan"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// Options configure an Engine. All fields except Output are required.
type Options struct {
	ConfigPath string // absolute
	// Load reads the configuration with the arguments that are set, by name, which
	// the plan then has. It is called once at the start and once for each reload, by
	// one goroutine at a time.
	Load func(ctx context.Context, set map[string]string) (*plan.Plan, []api.PlanWarning, error)
	// Set is what is set at the start. Later reloads keep it, except for what they
	// change.
	Set map[string]string
	// Explain returns the explanation of an error of Load for a person at a
	// terminal, on as many lines as necessary; nil means the error's text.
	Explain func(error) string
	// Preview is like Load, for a plan that is only looked at: it logs nothing,
	// and returns the warnings. It must be safe to call from any goroutine.
	Preview func(ctx context.Context, set map[string]string) (*plan.Plan, []api.PlanWarning, error)
	Log     *slog.Logger
	// LogLevel is the level of Log, which ldcorn log-level changes; nil means that it
	// cannot.
	LogLevel *slog.LevelVar
	Output   worker.Output // receives what workers print; nil discards it
	// Logs holds the lines of Log and Output, for ldcorn logs; nil means none.
	Logs *logbook.Book
	// LostLines returns the line that tells a slow reader of Logs how many
	// lines it has missed. Required with Logs.
	LostLines func(n uint64) []byte
	Version   string    // of ldcorn, for the log
	Commit    string    // commit that ldcorn was built from, for the metrics
	Stdout    io.Writer // for access_log=True; nil discards it
	// Requests shows a line for each request, unless access_log=False; nil shows
	// none.
	Requests *accesslog.Terminal
	Driver   string // of connections, see proxy.Options; "" means the best available
	// EndOrphans ends the processes that workers have left behind, after the
	// last worker has exited: immediately once hurry is closed. nil leaves them
	// alone.
	EndOrphans func(hurry <-chan struct{})
	// Starting is called with the first plan and the addresses of its listeners,
	// before the first worker starts; Serving when clients are served. nil does
	// nothing.
	Starting func(p *plan.Plan, addrs []net.Addr)
	Serving  func()
	// Installed returns what has become of the file of this program, see api.Status; nil
	// means that nobody knows. It must be safe to call from any goroutine.
	Installed func() *api.Installed
	// Watch, if not nil, reloads what is saved.
	Watch *WatchOptions
}
