package netloop

// A FileSource is a file that a Conn can send from, without copying its bytes through
// this process.
type FileSource interface {
	// SendFrom calls send with the descriptor of the file, in a goroutine that may wait
	// for a disk, and returns once send has returned. It waits in the task t. If it gives
	// up with an error, send may still be called or be at work.
	SendFrom(t Task, send func(fd int)) error
}
