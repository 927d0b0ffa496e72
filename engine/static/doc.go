// Package static finds the files below the folders of a configuration, and says what
// is to be sent of them: which variant, which range, or nothing because the client
// has it.
//
// Only file workers touch the file system (package filework). The task of a request
// parks meanwhile, so no event loop waits for a disk. What was found is good for a
// tenth of a second, and the contents of small files are kept in memory, so that
// most requests for files in demand need no file work at all. A Set bounds the memory
// and the descriptors of all folders together.
package static
