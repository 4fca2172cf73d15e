// Package choice finds which of a few words was meant by another.
//
//	say := choice.DidYouMean("workrs", keys) // "; did you mean workers?"
package choice
