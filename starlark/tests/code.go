package tests

// codeFailed is the code of a failed test. It is stable.
const codeFailed = "L041"
