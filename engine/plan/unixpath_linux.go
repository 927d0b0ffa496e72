package plan

// MaxUnixPath is the maximum length of a unix socket's path: what fits in its
// address, with a final NUL.
const MaxUnixPath = 107 // bytes
