// Package config turns file and flags into one validated, immutable value; every error names its place and what to do.
//
//	c, err := config.Parse([]string{"--backend", "127.0.0.1:9001"})
//	// err is config.ErrHelp, or says all that is wrong, a line each
//
// Every setting is defined once, in one table (settings.go and settings_*.go). The file's keys, the flags, --help, what check
// prints, the example and docs/settings.md are made of it.
//
// It opens the configuration file, and checks that what the file names (secrets, certificates, directories) exists. It keeps
// none of it: the folder that needs it opens it.
package config

//go:generate go test . -run Reference -update

import (
	"io/fs"
	"net/netip"
	"time"

	"tenfour/value/address"
	"tenfour/value/choice"
	"tenfour/value/listen"
	"tenfour/value/rate"
	"tenfour/value/statuses"
	callbacks "tenfour/value/target"
)

// Config is all that can be set. It is not changed after Parse.
type Config struct {
	Listen          []listen.Address // 1 or more; default 127.0.0.1:8000
	ListenByDefault bool             // no setting names an address: sockets that systemd offers may take its place
	SocketMode      fs.FileMode      // of the files of unix sockets; default 0666
	Routes          []Route          // 1 or more

	Resolver     string        // ADDRESS or ADDRESS:PORT of a DNS server; "" for the system's resolver
	ResolveEvery time.Duration // between two look-ups of a backend's name; default 5s

	HeadTimeout time.Duration // for a whole request head; default 10s
	IdleTimeout time.Duration // for a client's next request, or for it to take or send a byte; default 75s
	BodyTimeout time.Duration // for the whole body of a request; 0 is any time; default 10m
	MinRate     int           // bytes per second that a client must send or take of a body, after a grace; 0 is any; default 500
	HoldMax     int           // bytes held for bodies, responses and racers, in all; default 256 MiB
	SpoolMax    int           // bytes of request bodies in temporary files, in all; 0 is none; default 1 GiB
	Drain       time.Duration // for running exchanges when asked to stop; default 30s

	HeadMax         int // bytes in a request's head; default 32 KiB
	FieldsMax       int // field lines in a request's head; default 200
	ResponseHeadMax int // bytes in a response's head; default 64 KiB

	TLSCert, TLSKey string              // files in PEM; both or neither
	AccessLog       choice.AccessLog    // default off
	AccessLogFormat choice.AccessFormat // default auto
	LogLevel        choice.LogLevel     // default info
	LogFormat       choice.LogFormat    // default auto

	MaxPerClient   int            // connections that one address may have open; 0 is any number
	TrustedProxies []netip.Prefix // their X-Forwarded-… fields are believed; default none
	Limits         []Limit        // in the order of the file

	Console          listen.Console // default 127.0.0.1:8900
	ConsoleByDefault bool           // no setting says where the console answers
	ConsoleHosts     []string       // that the console may be asked by, beside its own address; default none
	ConsoleTokenFile string         // a file or env:NAME: the token that the console asks for; "" for none
	SecretFields     []string       // names of field lines that tenfour adds and whose values are credentials, by Parse: of a file or the environment
	ConsoleDebug     bool           // the console has /debug/pprof; default false

	Data           string // the directory of jobs; default tenfour-data
	JobsMax        int    // jobs that are kept, 1 or more; default 100,000
	JobsBytesMax   int    // bytes of what is kept; default 1 GiB
	JobsRunningMax int    // jobs whose attempts run at the same time, 1 or more; default 256
	JobBodyMax     int    // bytes of a job's request body, and of its response; default 8 MiB
}

// Route says which requests are forwarded, to which backends, and how. It is not changed after Parse.
type Route struct {
	Paths    []string          // of requests on it: exact, or a prefix if it ends in "/"; default "/"
	Methods  []string          // of requests on it; nil: any
	Backends []address.Backend // none means the welcome page
	Serve    string            // a directory to serve instead of backends; "" for none

	Workers     int           // slots at each backend, 1 or more; default 4
	Auto        bool          // tenfour finds the number of slots, between 1 and WorkersMax
	WorkersMax  int           // default 64
	Streams     int           // event streams, tunnels and slow transfers at each backend beyond its slots; default 256
	Health      string        // the path of a health check; "" for none
	HealthEvery time.Duration // how often; default 2s
	HealthHost  string        // the Host of a health check; "" for the backend's own

	Queue        int           // exchanges that may wait for a slot; 0 lets none wait; default 1024
	QueueTimeout time.Duration // how long one may wait; default 30s
	Buffer       int           // bytes of a body held for a slower peer; 0 streams all; default 256 KiB
	Hold         time.Duration // how long an exchange waits for a backend that is down; 0 is not at all; default 2s
	HoldEvery    time.Duration // between two attempts to reach it; default 10ms
	Resend       int           // how often a request is sent again after a backend had it; 0 is never; default 1

	KeepAlive choice.KeepAlive // which connections to a backend are kept for the next request; default auto
	KeepIdle  time.Duration    // how long one is kept; 0 is not at all; default 4s

	Race        choice.Race   // default off
	Usable      statuses.Set  // statuses that win a race; default 1xx to 4xx
	HedgeAfter  time.Duration // until the next backend of a hedge is asked; 0 is the route's own p95, and the default
	RaceMethods []string      // that are raced beside GET, HEAD and OPTIONS; default none

	ConnectTimeout time.Duration // for a connection to a backend; default 2s
	BackendTimeout time.Duration // for a backend's next byte; default 60s

	StripPrefix       string // taken off the path before it is forwarded; "" for nothing
	HostBackend       bool   // Host names the backend; else it is as the client sent it, and that is the default
	Request, Response Edits  // of the field lines that go to the backend, and that come back

	CredentialFile   string         // a file or env:NAME: the credential shown to the backend; "" for none
	CredentialHeader string         // where it is shown; default Authorization
	ClientTokenFile  string         // a file or env:NAME: the tokens that clients must show; "" for none
	AllowFrom        []netip.Prefix // which clients are admitted; nil: any
	DenyFrom         []netip.Prefix // which are not, even so; default none
	Limits           []string       // the names of the limits that it is under

	Wire         bool          // what passes of its exchanges is printed to stdout; default false
	Async        bool          // a request becomes a job when its client asks for it; default false
	AsyncAfter   time.Duration // it also becomes one when it has had no answer for that long; 0 is never, and the default
	Attempts     int           // of a job, 1 or more; default 5
	RetryOn      statuses.Set  // statuses that are failures of a job's attempt; default 408, 429 and 5xx
	RetryUnsafe  bool          // a job's request may reach a backend twice, whatever its method; default false
	JobDeadline  time.Duration // for all attempts of a job, with what it waits between them; default 1h
	Keep         time.Duration // how long a job stays after its end; default 1h
	Dedupe       time.Duration // how long an equal request is joined to a job; 0 is not at all, and the default
	DedupeFields []string      // that make requests differ, with Authorization and Cookie; default Accept, Content-Type, Range

	CallbackAllow      []callbacks.Entry // where a client may want to be told of its job's end; default nowhere
	CallbackOn         []choice.JobEnd   // of which ends its receiver is told; default all
	CallbackSecretFile string            // a file or env:NAME: the keys that sign it; "" only without CallbackAllow
}

// Edits is what is done to the field lines of a message's head: removed, then set, then added.
type Edits struct {
	Set    []Field  // in place of all lines of that name, in the file's order
	Add    []Field  // beside the lines of that name, in the file's order
	Remove []string // names
}

// Field is a field line.
type Field struct{ Name, Value string }

// Limit is how many exchanges may begin in a time.
type Limit struct {
	Name    string
	Rate    rate.Rate     // so many in so long
	By      choice.By     // what has a count of its own; default ByRoute
	Header  string        // the field's name; "" unless By is ByHeader
	Wait    bool          // an exchange over it waits for its turn; else it is rejected (429), and that is the default
	WaitMax time.Duration // how long one waits at most; default 10s

	AdmitOnError bool // an exchange that cannot be counted passes; else it is rejected, and that is the default
}

// Default is the configuration without a file and without flags.
var Default = Config{
	Listen:     []listen.Address{{Kind: listen.TCP, Where: "127.0.0.1:8000"}},
	SocketMode: 0o666, ListenByDefault: true,
	Routes:       []Route{DefaultRoute},
	ResolveEvery: 5 * time.Second,
	HeadTimeout:  10 * time.Second, IdleTimeout: 75 * time.Second, Drain: 30 * time.Second,
	BodyTimeout: 10 * time.Minute, MinRate: 500, HoldMax: 256 << 20, SpoolMax: 1 << 30,
	HeadMax: 32 << 10, FieldsMax: 200, ResponseHeadMax: 64 << 10,
	LogLevel: choice.LogInfo,
	Console:  listen.Console{Where: "127.0.0.1:8900"}, ConsoleByDefault: true,
	Data: "tenfour-data", JobsMax: 100_000, JobsBytesMax: 1 << 30, JobsRunningMax: 256, JobBodyMax: 8 << 20,
}

// DefaultRoute is a route without settings of its own.
var DefaultRoute = Route{
	Paths:   []string{"/"},
	Workers: 4, WorkersMax: 64, Streams: 256, HealthEvery: 2 * time.Second,
	Queue: 1024, QueueTimeout: 30 * time.Second, Buffer: 256 << 10, Hold: 2 * time.Second, HoldEvery: 10 * time.Millisecond,
	Resend: 1, KeepIdle: 4 * time.Second,
	Usable:         statuses.Classes(1, 4),
	ConnectTimeout: 2 * time.Second, BackendTimeout: 60 * time.Second,
	CredentialHeader: "Authorization",
	Attempts:         5, RetryOn: retryOn, JobDeadline: time.Hour, Keep: time.Hour,
	DedupeFields: []string{"Accept", "Content-Type", "Range"},
	CallbackOn:   []choice.JobEnd{choice.JobDone, choice.JobFailed, choice.JobCancelled, choice.JobInterrupted},
}

// retryOn is what a backend says when it may do better later.
var retryOn, _ = statuses.Parse("408,429,5xx")

// DefaultLimit is a limit without settings of its own; it needs a rate.
var DefaultLimit = Limit{WaitMax: 10 * time.Second}
