package config

// These are the codes of the mistakes that this package finds. Codes are
// stable: a code never gets another meaning.
const (
	codeSyntax      = "L008" // not text
	codeLoad        = "L014" // a file that cannot be loaded
	codeCycle       = "L015" // files that load each other
	codeNoConfig    = "L016" // no LdConfig named config
	codeLimit       = "L017" // evaluation took too long
	codeGroup       = "L031" // a router that names a group that does not exist
	codeSecretTest  = "L034" // a router that compares a secret
	codeTest        = "L040" // a test that cannot be called
	CodeUnusedName  = "W113" // a name that is loaded or assigned and not used
	codeUnit        = "W114" // a plain number that most likely has another unit; builtin reports it
	codeUnused      = "W105" // a WorkerGroup that is in no LdConfig
	codeType        = "L002" // a value of the wrong type
	codeValue       = "L004" // a value that breaks the rule of its argument
	codeBadEnv      = "L013" // a variable with a value that cannot be read
	codeLost        = "W140" // something that a Python file has done without effect
	codeLostRule    = "W132" // a rule of a group that the router names
	codeLate        = "W134" // a word in the router that works only while the file is loaded
	codeIdleSetting = "W133" // a setting of to that the group does not use
	codeMayBe       = "W131" // a router that may name a group that does not exist
)
