package proc

import (
	"bytes"
	"encoding/binary"
)

// splitArgs reads what macOS tells of a process with the sysctl kern.procargs2:
// the number of arguments, the path of the program, zeros, the arguments, and
// the environment, each text ended by a zero. It returns none if data is
// something else.
func splitArgs(data []byte) (args, env []string) {
	if len(data) < 4 {
		return nil, nil
	}
	count := int(binary.LittleEndian.Uint32(data))
	_, rest, found := bytes.Cut(data[4:], []byte{0})
	if !found {
		return nil, nil
	}
	rest = bytes.TrimLeft(rest, "\x00")
	for len(rest) > 0 {
		var word []byte
		word, rest, found = bytes.Cut(rest, []byte{0})
		switch {
		case !found:
			return args, env // cut off
		case len(args) < count:
			args = append(args, string(word))
		case len(word) == 0:
			return args, env // what follows is not the environment
		default:
			env = append(env, string(word))
		}
	}
	return args, env
}
