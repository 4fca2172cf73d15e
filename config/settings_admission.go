package config

import (
	"tenfour/value/field"
)

// whichClients is which clients are admitted, and with which credentials.
var whichClients = group{
	title: "Which clients are admitted",
	intro: "[admit.md](admit.md) shows in which order these rules apply. A secret stands in a file, or in the environment as `env:NAME`; no setting takes the secret itself. " +
		"A file that has changed is read again within a second; if it is wrong then, the content that was read before stays in force.",
	settings: []*setting{
		{
			key: "credential_file", flag: "credential-file", of: ofRoute, path: true, example: `"env:BACKEND_TOKEN"`,
			in:   func(t target) value { return words(&t.r.CredentialFile, "the name of a file, or env:NAME", anything) },
			unit: "file, or `env:NAME`", none: "none",
			help: "`FILE` or env:NAME with a credential for the backend: Authorization: Bearer …",
			more: "has the credential that tenfour sends to the backend, in place of what the client sent; clients never see it. In `Authorization` it is sent as `Bearer …`, unless it has a scheme of its " +
				"own before a space.",
		},
		{
			key: "credential_header", flag: "credential-header", of: ofRoute,
			in: func(t target) value {
				return words(&t.r.CredentialHeader, "the name of a field, such as X-Api-Key", field.CheckRequestName)
			},
			unit: "name of a field",
			help: "`NAME` of the field that the credential is sent in",
			more: "is the field in which the credential is sent. In any field but `Authorization` it is sent unchanged.",
		},
		{
			key: "client_token_file", flag: "client-token-file", of: ofRoute, path: true, example: `"env:CLIENT_TOKENS"`,
			in:   func(t target) value { return words(&t.r.ClientTokenFile, "the name of a file, or env:NAME", anything) },
			unit: "file, or `env:NAME`", none: "none: clients need none",
			help: "`FILE` or env:NAME with what clients must show as Bearer: lines of NAME TOKEN",
			more: "has the tokens that clients must show, as `Authorization: Bearer TOKEN`. A line is `NAME TOKEN`, or `NAME sha256:HEX` " +
				"with the token's SHA-256; a name may have several, so that one can be replaced without a gap. A client without one " +
				"of them gets `401`. The backend does not see the client's token.",
		},
		{
			key: "allow_from", flag: "allow-from", of: ofRoute, example: `["10.0.0.0/8", "::1"]`,
			in: func(t target) value {
				return listOf(&t.r.AllowFrom, "an address or a network, such as 10.0.0.0/8", parsePrefix, formatPrefix).some().separated()
			},
			unit: "addresses and networks, several", none: "any address",
			help: "`NETWORKS` or addresses whose clients are admitted (repeatable)",
			more: "says from which addresses clients are admitted. Others get `403`. An empty list is refused, because it could mean " +
				"all addresses or none: leave the key out for all, or write `[\"0.0.0.0/0\", \"::/0\"]` where the top says otherwise. Clients over a unix socket are `unix:`.",
		},
		{
			key: "deny_from", flag: "deny-from", of: ofRoute, example: `"10.6.6.0/24"`,
			in: func(t target) value {
				return listOf(&t.r.DenyFrom, "an address or a network, such as 10.0.0.0/8", parsePrefix, formatPrefix).separated()
			},
			unit: "addresses and networks, several", none: "none",
			help: "`NETWORKS` or addresses whose clients get 403 (repeatable)",
			more: "says from which addresses clients get `403`, even if `allow_from` has them.",
		},
		{
			key: "max_per_client", flag: "max-per-client", of: ofProcess,
			in:   func(t target) value { return digits(&t.c.MaxPerClient, 0, 1_000_000_000) },
			unit: "connections", zero: "any number",
			help: "connections that one address may have open: `N`; 0 is any number",
			more: "is how many connections one address may have open at a time; of IPv6 a network of 64 bits is one address. Further ones get a `503` and are closed at once. The log counts them, every 10 s at most. " +
				"With a proxy in front of tenfour, all clients have the proxy's address: leave it 0 there.",
		},
		{
			key: "trusted_proxies", flag: "trusted-proxies", of: ofProcess, example: `["192.0.2.10", "10.0.0.0/8"]`,
			in: func(t target) value {
				return listOf(&t.c.TrustedProxies, "an address or a network, such as 10.0.0.0/8", parsePrefix, formatPrefix).separated()
			},
			unit: "addresses and networks, several", none: "none: the address that connects is the client's",
			help: "`NETWORKS` or addresses of proxies in front of tenfour; their X-Forwarded-… is believed (repeatable)",
			more: "are proxies in front of tenfour. tenfour believes their `X-Forwarded-For`: the client is the last address there that is not a trusted proxy's. " +
				"Their `X-Forwarded-Proto`, `X-Forwarded-Host`, `Forwarded` and the like are forwarded; those of other clients are dropped. " +
				"`unix:` is all proxies over a unix socket.",
		},
	},
}
