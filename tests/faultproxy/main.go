// Command faultproxy stands between a client and a Kubernetes API server and lets go wrong what a rule names: delays, lost requests, lost
// answers, error statuses, broken bodies, hidden events, old states (rules.go). It records what reached the server and what that changed
// (record.go), so that a test can tell that nothing was done twice and nothing was lost. TLS and HTTP/2 on both sides.
//
// It prints one JSON line, {"server": "https://…", "control": "http://…"}, and runs until it is killed. The control port takes POST /rules,
// GET /rules, DELETE /rules[/ID], POST /cut (ends the watches that are open) and GET /record?since=N.
package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"math/rand"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"
)

func clientOf(roots *x509.CertPool, certificates ...tls.Certificate) *http.Client {
	return &http.Client{
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			TLSClientConfig:     &tls.Config{RootCAs: roots, Certificates: certificates, MinVersion: tls.VersionTLS12},
			ForceAttemptHTTP2:   true,
			DisableCompression:  true,
			MaxIdleConnsPerHost: 64,
			IdleConnTimeout:     time.Minute,
		},
	}
}

func fatal(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	server := flag.String("server", "", "URL of the API server")
	pki := flag.String("pki", "", "folder with ca.crt, the certificate to serve with (apiserver.crt, .key) and the one to look with (admin.crt, .key)")
	seed := flag.Int64("seed", 1, "of the dice that rules with a probability throw")
	reads := flag.Bool("reads", true, "record what changes nothing, too")
	port := flag.Int("port", 0, "port to listen on (0: any)")
	verbose := flag.Bool("verbose", false, "print what the HTTP server complains of")
	flag.Parse()

	to, err := url.Parse(*server)
	fatal(err)
	authority, err := os.ReadFile(filepath.Join(*pki, "ca.crt"))
	fatal(err)
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		log.Fatal("no certificate in ca.crt")
	}
	admin, err := tls.LoadX509KeyPair(filepath.Join(*pki, "admin.crt"), filepath.Join(*pki, "admin.key"))
	fatal(err)
	p := &proxy{server: to, client: clientOf(roots), admin: clientOf(roots, admin), rules: &ruleSet{random: rand.New(rand.NewSource(*seed))},
		record: &record{reads: *reads}, watches: map[*exchange]context.CancelFunc{}}

	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	fatal(err)
	control, err := net.Listen("tcp", "127.0.0.1:0")
	fatal(err)
	go func() { fatal(http.Serve(control, p.control())) }()
	front := &http.Server{Handler: p, ConnContext: func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connectionKey{}, c)
	}}
	if !*verbose {
		front.ErrorLog = log.New(io.Discard, "", 0)
	}
	fatal(json.NewEncoder(os.Stdout).Encode(map[string]string{"server": "https://" + listener.Addr().String(), "control": "http://" + control.Addr().String()}))
	fatal(front.ServeTLS(listener, filepath.Join(*pki, "apiserver.crt"), filepath.Join(*pki, "apiserver.key")))
}
