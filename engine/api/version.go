package api

// VersionVersion is the version of a Version.
const VersionVersion = 1

// A Version says which ldcorn this is.
type Version struct {
	FormatVersion int    `json:"format_version"`
	Version       string `json:"version"`
	Commit        string `json:"commit"`   // of the source that it was built from
	Go            string `json:"go"`       // the version of Go that it was built with
	Platform      string `json:"platform"` // the operating system and the architecture
}
