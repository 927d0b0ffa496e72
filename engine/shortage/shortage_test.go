package shortage_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/shortage"
)

func TestExplain(t *testing.T) {
	for errno, want := range map[unix.Errno]string{
		unix.EMFILE: "too many open files: the limit is [0-9]+; raise ulimit -n, or LimitNOFILE=",
		unix.ENFILE: "fs.file-max",
		unix.EAGAIN: "ulimit -u, TasksMax= of its systemd unit, or pids.max",
		unix.ENOMEM: "MemoryMax=",
		unix.EFBIG:  "ulimit -f, or LimitFSIZE=",
	} {
		for _, err := range []error{
			errno, os.NewSyscallError("pipe2", errno), fmt.Errorf("x: %w", &fs.PathError{Op: "fork/exec", Path: "/bin/x", Err: errno}),
		} {
			got := shortage.Explain(err)
			assert.Regexp(t, want, got.Error())
			assert.NotRegexp(t, "pipe2|fork/exec", got.Error())
			require.ErrorIs(t, got, errno)
			assert.True(t, shortage.Is(fmt.Errorf("x: %w", got)))
			assert.Equal(t, got, shortage.Explain(got))
		}
	}
	for _, err := range []error{nil, errors.New("other"), unix.ENOENT, &fs.PathError{Op: "open", Path: "x", Err: unix.EACCES}} {
		assert.Equal(t, err, shortage.Explain(err))
		assert.False(t, shortage.Is(err))
	}
}
