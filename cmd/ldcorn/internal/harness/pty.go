//go:build linux

package harness

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// A Terminal is a pseudo terminal, 80 columns wide, at which a program runs.
type Terminal struct {
	Shown Log // what the program has written

	master *os.File
	path   string // of the program's side
	cmd    *exec.Cmd
	done   chan struct{} // closed when the program has ended
	quiet  chan struct{} // closed when nobody has the terminal open, or the test ends
}

// StartAt starts a program at a new terminal, which is its standard input, output
// and error. The test's end kills it.
func StartAt(t testing.TB, cmd *exec.Cmd) *Terminal {
	t.Helper()
	master, slave, err := openPTY()
	if err != nil {
		t.Fatal(err)
	}
	defer slave.Close()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = slave, slave, slave
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	term := &Terminal{master: master, path: slave.Name(), cmd: cmd, done: make(chan struct{}), quiet: make(chan struct{})}
	go term.read()
	go func() {
		defer close(term.done)
		_ = cmd.Wait() // ProcessState says how
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		<-term.done
		master.Close()
		<-term.quiet
	})
	return term
}

// read copies the program's output until the terminal is closed.
func (t *Terminal) read() {
	defer close(t.quiet)
	buf := make([]byte, 64<<10)
	for {
		n, err := t.master.Read(buf)
		_, _ = t.Shown.Write(buf[:n])
		if err != nil { // EIO once the program has ended
			return
		}
	}
}

// Dir returns the folder that the program was started in.
func (t *Terminal) Dir() string { return t.cmd.Dir }

// Command returns a command that runs the program again, with other arguments.
func (t *Terminal) Command(args ...string) *exec.Cmd {
	cmd := exec.Command(t.cmd.Args[0], args...)
	cmd.Dir, cmd.Env = t.cmd.Dir, t.cmd.Env
	return cmd
}

// Run runs the program again, with other arguments and not at the terminal, and
// returns what it writes.
func (t *Terminal) Run(args ...string) string {
	out, _ := t.Command(args...).CombinedOutput() // which says what is wrong
	return string(out)
}

// Type types a text, such as "\x03" for Ctrl-C.
func (t *Terminal) Type(text string) error {
	_, err := t.master.WriteString(text)
	return err
}

// Path returns the path of the program's side of the terminal.
func (t *Terminal) Path() string { return t.path }

// Resize gives the terminal another size, which the program is told.
func (t *Terminal) Resize(columns, lines int) error {
	conn, err := t.master.SyscallConn() // its Fd would make reads block
	if err != nil {
		return err
	}
	size := &unix.Winsize{Row: uint16(lines), Col: uint16(columns)}
	if failed := conn.Control(func(fd uintptr) { err = unix.IoctlSetWinsize(int(fd), unix.TIOCSWINSZ, size) }); failed != nil {
		return failed
	}
	return err
}

// Signal sends the program a signal.
func (t *Terminal) Signal(s os.Signal) error { return t.cmd.Process.Signal(s) }

// Pause stops the output of the terminal, as Ctrl-S does, but at once. Resume
// continues it.
func (t *Terminal) Pause() error { return t.flow(unix.TCOOFF) }

// Resume continues what Pause has stopped.
func (t *Terminal) Resume() error { return t.flow(unix.TCOON) }

func (t *Terminal) flow(action int) error {
	slave, err := os.OpenFile(t.path, os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		return err
	}
	defer slave.Close()
	return unix.IoctlSetInt(int(slave.Fd()), unix.TCXONC, action)
}

// WaitAll is like Wait, but also waits until Shown has everything. The program must
// leave no process at the terminal.
func (t *Terminal) WaitAll() int {
	<-t.quiet
	return t.Wait()
}

// Wait waits until the program has ended, and returns its exit code.
func (t *Terminal) Wait() int {
	<-t.done
	return t.cmd.ProcessState.ExitCode()
}

func openPTY() (master, slave *os.File, err error) {
	fd, err := unix.Open("/dev/ptmx", unix.O_RDWR|unix.O_NOCTTY|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, fmt.Errorf("/dev/ptmx: %w", err)
	}
	master = os.NewFile(uintptr(fd), "/dev/ptmx")
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: 80})
	}
	if err == nil {
		slave, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|syscall.O_NOCTTY, 0)
	}
	if err != nil {
		master.Close()
		return nil, nil, err
	}
	return master, slave, nil
}
