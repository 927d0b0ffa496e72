package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/ldcorn/ldcorn/engine/control"
	"github.com/ldcorn/ldcorn/engine/supervisor"
	"github.com/ldcorn/ldcorn/engine/worker"
)

// masterOptions are the flags of the commands that ask a running master.
type masterOptions struct {
	*rootOptions
	socket string
	former string // the configuration that the master runs, if it is that before a migration
}

// command completes a command that calls run with a client of the master. INT ends
// the command, but not the work of the master for it.
func (o *masterOptions) command(cmd *cobra.Command, run func(context.Context, *control.Client, []string) error) *cobra.Command {
	o.addFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		ctx, client, done, err := o.connect(cmd)
		if err != nil {
			return err
		}
		defer done()
		err = run(ctx, client, args)
		if errors.Is(err, context.Canceled) {
			return errors.New("given up waiting; the master goes on with the request")
		}
		return err
	}
	return cmd
}

func (o *masterOptions) addFlags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.socket, "control", "", "the master's control `SOCKET` (default found by the configuration's path)")
}

// connect returns a client of the master, and a context that INT, TERM and QUIT
// end. The caller must call done.
func (o *masterOptions) connect(cmd *cobra.Command) (ctx context.Context, client *control.Client, done func(), err error) {
	path, err := o.find()
	if err != nil {
		return nil, nil, nil, err
	}
	if o.former != "" {
		remark(cmd.ErrOrStderr(), "hint: the master runs %s; to run %s, stop it and start ldcorn again", shownPath(o.former), shownPath(beside(o.former)))
	}
	ctx, done = signal.NotifyContext(cmd.Context(), syscall.SIGINT, syscall.SIGTERM, syscall.SIGQUIT)
	return ctx, control.NewClient(path), done, nil
}

// find returns the control socket of the master. It looks in the folders that the
// locks of the configuration name, and then in those that workers name, since a
// master with another environment has its locks elsewhere. After a migration, the
// master may still run the configuration from before: see findFormer.
func (o *masterOptions) find() (string, error) {
	if o.socket != "" {
		return o.socket, nil
	}
	path, err := o.configPath(nil)
	if errors.Is(err, errBothConfigs) {
		return o.findEither(err)
	}
	if err != nil {
		return "", err
	}
	socket, err := socketOf(path)
	if err == nil && socket == "" {
		socket, err = o.findFormer(path)
	}
	if err != nil || socket != "" {
		return socket, err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("there is no file %s, and %w for it", shownPath(path), errNoMaster)
	}
	if found := others(path); found != "" {
		return "", &worker.Advised{Err: fmt.Errorf("%w of yours for %s; %s", errNoMaster, shownPath(path), found),
			Hint: useSudo}
	}
	return "", &worker.Advised{Err: fmt.Errorf("%w for %s", errNoMaster, shownPath(path)),
		Hint: fmt.Sprintf("start it with \"ldcorn -c %s\"; if another user runs it, %s", shownPath(path), useSudo)}
}

// useSudo is how to reach the master of another user.
const useSudo = "use sudo, or name its socket with --control: control_socket= of LdConfig gives it a fixed place"

// errNoMaster is why nothing can be asked for.
var errNoMaster = errors.New("no running master")

// socketOf returns the control socket of the master of a configuration, or "" if no
// master answers.
func socketOf(config string) (string, error) {
	dirs, err := supervisor.RuntimeDirs(config)
	if err != nil {
		return "", err
	}
	if socket := answering(dirs); socket != "" {
		return socket, nil
	}
	return answering(supervisor.MarkedDirs(config)), nil
}

// answering returns the first control socket in dirs that takes connections, or
// "" if none does.
func answering(dirs []string) string {
	for _, dir := range dirs {
		socket := filepath.Join(dir, control.SocketName)
		if conn, err := net.Dial("unix", socket); err == nil {
			conn.Close()
			return socket
		}
	}
	return ""
}
