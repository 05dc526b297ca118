package blob

// Reading beside the program that owns the store.

// View is the store in dir for reading while another program may be writing it:
// unlike Open it makes nothing, and removes no arrivals, for they may be those of
// a Put that is running. A store that is not there fails at the first reading.
func View(dir string) *Directory { return &Directory{dir: dir, maxBytes: DefaultMaxBytes} }
