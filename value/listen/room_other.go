//go:build !linux

package listen

// pathRoom is the size of sun_path in macOS and the BSDs.
const pathRoom = 104
