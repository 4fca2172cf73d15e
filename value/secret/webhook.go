package secret

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
)

// webhookPrefix begins a key of Standard Webhooks as text.
const webhookPrefix = "whsec_"

// The bytes that a key of Standard Webhooks may have, and how many keys may be in use at once: the one before, and the next.
const webhookLeast, webhookMost, webhookKeys = 24, 64, 2

// WebhookKeys reads the keys that callbacks are signed with: a line each, "whsec_" and base64, as Standard Webhooks has them. With two, each
// callback has two signatures, until its receivers know the new key.
func WebhookKeys(from string) ([][]byte, error) {
	text, err := Value(from)
	if err != nil {
		return nil, err
	}
	var keys [][]byte
	for i, line := range strings.Split(text, "\n") {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		key, err := webhookKey(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", i+1, err)
		}
		keys = append(keys, key)
	}
	if len(keys) > webhookKeys {
		return nil, fmt.Errorf("it has %d keys: leave two at most, the one before and the next", len(keys))
	}
	return keys, nil
}

func webhookKey(line string) ([]byte, error) {
	text, ok := strings.CutPrefix(line, webhookPrefix)
	if !ok {
		return nil, errors.New("a key begins with " + webhookPrefix)
	}
	key, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil, errors.New("what follows " + webhookPrefix + " is not base64")
	}
	if len(key) < webhookLeast || len(key) > webhookMost {
		return nil, fmt.Errorf("a key has %d to %d bytes before base64, not %d: make one with: echo %s$(openssl rand -base64 32)",
			webhookLeast, webhookMost, len(key), webhookPrefix)
	}
	return key, nil
}
