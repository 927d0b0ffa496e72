// Command ldcorn runs pools of Uvicorn workers behind one proxy.
package main

import "os"

func main() { os.Exit(Main()) }
