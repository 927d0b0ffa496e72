package installed

// image leads to the file that runs, even if that has no name any more.
const image = "/proc/self/exe"
