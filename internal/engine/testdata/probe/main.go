// probe is the process of the test image.
package main

import (
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strconv"
	"syscall"
)

func main() {
	switch args := os.Args[1:]; args[0] {
	case "serve": // until SIGTERM
		stop := make(chan os.Signal, 1)
		signal.Notify(stop, syscall.SIGTERM)
		fmt.Println("ready to serve")
		fmt.Fprintln(os.Stderr, "a word of warning")
		<-stop
	case "exit":
		code, _ := strconv.Atoi(args[1])
		os.Exit(code)
	case "say":
		fmt.Println(args[1])
		fmt.Fprintln(os.Stderr, args[2])
		fmt.Println("uid", os.Getuid())
	case "repeat": // what it is told
		io.Copy(os.Stdout, os.Stdin)
	case "complain": // says so many lines, then ends with a status
		n, _ := strconv.Atoi(args[1])
		for i := range n {
			fmt.Println("complaint", i+1)
		}
		code, _ := strconv.Atoi(args[2])
		os.Exit(code)
	case "flood": // so many bytes
		n, _ := strconv.Atoi(args[1])
		os.Stdout.Write(make([]byte, n))
	case "write":
		if err := os.WriteFile(args[1], []byte(args[2]), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	case "stdio": // what `docker system dial-stdio` does
		conn, err := net.Dial("unix", args[1])
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		go func() {
			io.Copy(conn, os.Stdin)
			conn.(*net.UnixConn).CloseWrite()
		}()
		io.Copy(os.Stdout, conn)
	}
}
