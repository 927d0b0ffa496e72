package top

import (
	"context"
	"os"
	"time"

	tea "charm.land/bubbletea/v2"
	"github.com/charmbracelet/colorprofile"

	"github.com/ldcorn/ldcorn/cmd/ldcorn/internal/terminal"
	"github.com/ldcorn/ldcorn/engine/api"
	"github.com/ldcorn/ldcorn/engine/control"
)

// Options are what Run needs. All are required.
type Options struct {
	Connect  func() (*control.Client, error) // finds the master, first and after it has gone
	In, Out  *os.File                        // a terminal
	Look     terminal.Look
	Interval time.Duration // between two looks at the master
	Words    Words
}

// Words are how the other commands say things. Each function returns harmless text.
type Words struct {
	Plan   func(*api.Plan, terminal.Look) string
	Step   func(api.ReloadStep) string // "" for a step that is not shown
	Failed func(api.ReloadStep) string // why a reload failed, in one or more lines
	Event  func(*api.Event) string     // its details
	Kind   func(api.EventKind) string
	Stage  func(*api.Request) string
	Worker func(*api.Request) string
}

// Run shows the master until the user quits or ctx is done, which is no error. It leaves
// the terminal as it was.
func Run(ctx context.Context, opts Options) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	src, err := newSource(opts)
	if err != nil {
		return err
	}
	m := newModel(ctx, opts, src)
	program := tea.NewProgram(m, tea.WithInput(opts.In), tea.WithOutput(opts.Out),
		tea.WithoutSignalHandler(), tea.WithColorProfile(profile(opts)))
	// With a context of its own, the program would close its input while it still reads.
	defer context.AfterFunc(ctx, program.Quit)()
	src.tell = program.Send
	done := make(chan struct{})
	go func() {
		defer close(done)
		src.run(ctx)
	}()
	_, err = program.Run()
	cancel()
	<-done
	return err
}

// profile returns what colors the terminal has. Without colors, the model sets none.
func profile(opts Options) colorprofile.Profile {
	return max(colorprofile.Detect(opts.Out, os.Environ()), colorprofile.ANSI)
}
