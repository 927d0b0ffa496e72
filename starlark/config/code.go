package config

// The codes of what this package finds. Codes are stable: one is never
// given another meaning.
const (
	codeSyntax   = "L008" // not text
	codeLoad     = "L014" // a file that cannot be loaded
	codeCycle    = "L015" // files that load each other
	codeNoConfig = "L016" // no LdConfig named config
	codeLimit    = "L017" // evaluation took too long
	codeUnused   = "W105" // a WorkerGroup that is in no LdConfig
)
