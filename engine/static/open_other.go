//go:build !linux

package static

import "errors"

func canOpenBeneath() bool { return false }

func openFolder(string) (int, error) { return -1, errors.ErrUnsupported }

func openBeneath(int, string) (int, error) { return -1, errors.ErrUnsupported }
