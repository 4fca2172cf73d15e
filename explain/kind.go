package explain

// Kind is what a run of bytes is. Its text is its name in JSON and in style sheets.
type Kind uint8

// The kinds. Those of a chunked body follow those of heads.
const (
	Method Kind = iota
	Target
	Version
	Status
	Reason
	Name
	Colon
	Blank
	Value
	LineEnd
	Content        // of a body without the chunked coding
	ChunkSize      // hexadecimal
	ChunkExtension // from its ';' on
	ChunkData
	LastChunk // the size 0
	TrailerName
	TrailerValue
	Tunnel // after an upgrade
	Wrong  // the bytes at which the message is refused
	Unread // after those, or after a message that ends its connection
)

var kindNames = [...]string{
	Method: "method", Target: "target", Version: "version", Status: "status", Reason: "reason", Name: "name", Colon: "colon", Blank: "blank",
	Value: "value", LineEnd: "line-end", Content: "content", ChunkSize: "chunk-size", ChunkExtension: "chunk-extension", ChunkData: "chunk-data",
	LastChunk: "last-chunk", TrailerName: "trailer-name", TrailerValue: "trailer-value", Tunnel: "tunnel", Wrong: "wrong", Unread: "unread",
}

// Kinds returns all kinds.
func Kinds() (all []Kind) {
	for k := range kindNames {
		all = append(all, Kind(k))
	}
	return all
}

// String is its name: lower case, with dashes.
func (k Kind) String() string { return kindNames[k] }

// MarshalText is String.
func (k Kind) MarshalText() ([]byte, error) { return []byte(k.String()), nil }
