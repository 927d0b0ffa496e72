package acme

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/ldcorn/ldcorn/engine/regular"
)

// A storage is the folder of one issuer. Its files belong to its user only. Several
// masters can have it at a time: a file is replaced completely or not at all, and
// whoever requests something holds a lock, which ends with its process.
type storage struct{ dir string }

// The folders within it.
const (
	dirCertificates = "certificates" // NAME.pem: a key and its certificates; NAME.json: a note
	dirAccounts     = "accounts"
	dirChallenges   = "challenges" // TOKEN.json while a challenge is open
	dirLocks        = "locks"
)

// maxFile limits the size of what is read.
const maxFile = 1 << 20

// storageOf returns the storage of an issuer. It makes nothing.
func storageOf(root, directory string) storage {
	host := "issuer"
	if u, err := url.Parse(directory); err == nil && u.Hostname() != "" {
		host = strings.Map(func(r rune) rune {
			if r == '.' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' {
				return r
			}
			return '_'
		}, strings.ToLower(u.Hostname()))
	}
	return storage{filepath.Join(root, host+"-"+digest(directory))}
}

// digest returns a short name for a text.
func digest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:6])
}

// prepare makes the folders.
func (s storage) prepare() error {
	for _, dir := range []string{dirCertificates, dirAccounts, dirChallenges, dirLocks} {
		path := filepath.Join(s.dir, dir)
		if err := os.MkdirAll(path, 0o700); err != nil {
			return err
		}
		if err := unix.Access(path, unix.W_OK|unix.X_OK); err != nil {
			return &fs.PathError{Op: "write to", Path: path, Err: err}
		}
	}
	return nil
}

func (s storage) path(dir, name string) string { return filepath.Join(s.dir, dir, name) }

// read reads a file, and takes the rights of others.
func (s storage) read(dir, name string) ([]byte, error) {
	path := s.path(dir, name)
	data, err := regular.ReadFile(path, maxFile)
	if err == nil {
		if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o077 != 0 {
			_ = os.Chmod(path, 0o600)
		}
	}
	return data, err
}

func (s storage) write(dir, name string, data []byte) error {
	return regular.WriteFile(s.path(dir, name), data, 0o600)
}

// readJSON reads a file into v. A missing file is no error, and changes nothing.
func (s storage) readJSON(dir, name string, v any) error {
	data, err := s.read(dir, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	if err := json.Unmarshal(data, v); err != nil {
		return &fs.PathError{Op: "read", Path: s.path(dir, name), Err: err}
	}
	return nil
}

func (s storage) writeJSON(dir, name string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return s.write(dir, name, append(data, '\n'))
}

// setAside renames a file that is broken, so that a person can look at it. It
// returns its new path.
func (s storage) setAside(dir, name string) string {
	path := s.path(dir, name)
	if os.Rename(path, path+".broken") == nil {
		return path + ".broken"
	}
	return path
}

// room is how much must fit into the storage before anything is requested. Only tests
// change it.
var room = 64 << 10

// hasRoom checks that a certificate can be stored. What cannot be stored must not be
// requested: issuers limit how often they issue a certificate.
func (s storage) hasRoom() error {
	name := ".room-" + digest(fmt.Sprint(os.Getpid(), time.Now().UnixNano()))
	defer os.Remove(s.path(dirLocks, name))
	return s.write(dirLocks, name, make([]byte, room))
}

// lockEvery is how often a lock is tried that another master has.
const lockEvery = 200 * time.Millisecond

// lock waits until no other goroutine, here or in another master, has the lock with
// that name. The caller must call unlock. The system releases the lock of a process
// that ends.
func (s storage) lock(ctx context.Context, name string) (unlock func(), err error) {
	f, err := os.OpenFile(s.path(dirLocks, name+".lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	tick := time.NewTicker(lockEvery)
	defer tick.Stop()
	for {
		switch err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB); {
		case err == nil:
			return func() { f.Close() }, nil
		case err != unix.EWOULDBLOCK && err != unix.EINTR:
			f.Close()
			return nil, &fs.PathError{Op: "lock", Path: f.Name(), Err: err}
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		}
	}
}

// stale is how old a file is that a master has left behind.
const stale = time.Hour

// sweep removes what masters that were killed have left behind.
func (s storage) sweep() {
	for _, dir := range []string{dirCertificates, dirAccounts, dirChallenges, dirLocks} {
		entries, err := os.ReadDir(filepath.Join(s.dir, dir))
		if err != nil {
			continue
		}
		for _, e := range entries {
			temporary := dir == dirChallenges || strings.HasPrefix(e.Name(), ".")
			if info, err := e.Info(); err == nil && temporary && time.Since(info.ModTime()) > stale {
				_ = os.Remove(s.path(dir, e.Name()))
			}
		}
	}
}
