package worker

import (
	"cmp"
	"fmt"
	"regexp"
	"strconv"
)

// A Version is a version of Uvicorn or of Python. The zero Version is unknown
// and older than any other.
type Version struct{ Major, Minor, Patch int }

// MinVersion is the oldest Uvicorn that ldcorn supports: args.go is based on
// its source code from this version on.
var MinVersion = Version{0, 17, 0}

var versionPattern = regexp.MustCompile(`^(\d+)\.(\d+)(?:\.(\d+))?`)

// parseVersion parses a version and ignores a suffix such as "rc1".
func parseVersion(s string) (Version, bool) {
	m := versionPattern.FindStringSubmatch(s)
	if m == nil {
		return Version{}, false
	}
	var v Version
	for i, part := range []*int{&v.Major, &v.Minor, &v.Patch} {
		*part, _ = strconv.Atoi(m[i+1]) // the patch may be missing: 0
	}
	return v, true
}

// Less reports whether v is older than w.
func (v Version) Less(w Version) bool {
	return cmp.Or(cmp.Compare(v.Major, w.Major), cmp.Compare(v.Minor, w.Minor), cmp.Compare(v.Patch, w.Patch)) < 0
}

// schemeSince is the first Uvicorn that derives the scheme of a websocket, ws
// or wss, from an X-Forwarded-Proto of http or https. Up to 0.27 it treats
// everything but https as ws.
var schemeSince = Version{0, 23, 0}

// TakesSocketScheme reports whether this version of Uvicorn uses
// X-Forwarded-Proto unchanged as the scheme of a websocket, so that it must be
// ws or wss. Other versions must get http or https.
func (v Version) TakesSocketScheme() bool { return v.Less(schemeSince) }

func (v Version) String() string { return fmt.Sprintf("%d.%d.%d", v.Major, v.Minor, v.Patch) }
