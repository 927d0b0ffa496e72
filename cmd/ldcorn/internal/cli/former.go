package cli

import (
	"path/filepath"
	"strings"
)

// beside returns the configuration of the same name in the other language, which
// ldcorn migrate reads or writes, or "" if there is none.
func beside(config string) string {
	switch ext := filepath.Ext(config); ext {
	case ".star":
		return strings.TrimSuffix(config, ext) + ".py"
	case ".py":
		return strings.TrimSuffix(config, ext) + ".star"
	}
	return ""
}

// findFormer returns the control socket of a master that runs the configuration
// beside config, as it does after a migration until it is started again. It returns
// "" if there is none.
func (o *masterOptions) findFormer(config string) (string, error) {
	former := beside(config)
	if former == "" {
		return "", nil
	}
	socket, err := socketOf(former)
	if socket != "" {
		o.former = former
	}
	return socket, err
}

// findEither returns the control socket of the only master that runs one of the two
// configurations of this folder. If there is none, or if both run, it returns the
// error unclear.
func (o *masterOptions) findEither(unclear error) (string, error) {
	only := ""
	for _, name := range configNames {
		path, err := filepath.Abs(name)
		if err != nil {
			return "", err
		}
		switch socket, err := socketOf(path); {
		case err != nil:
			return "", err
		case socket == "":
		case only != "":
			return "", unclear
		default:
			only = socket
			if filepath.Ext(path) == ".py" {
				o.former = path
			}
		}
	}
	if only == "" {
		return "", unclear
	}
	return only, nil
}
