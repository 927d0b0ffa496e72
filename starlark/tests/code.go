package tests

// codeFailed is the code of what a test has found. It is stable.
const codeFailed = "L041"
