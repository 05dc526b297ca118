// Package blob keeps the bytes of published files in a directory, each under
// the SHA-256 of its content. The log holds only hashes; this is where they lead.
//
// # Layout
//
//	DIR/incoming/put-*        bytes that are arriving; invisible to every reader
//	DIR/00 … DIR/ff/<hash>    content, under its hash in 64 lower-case hex digits,
//	                          in the folder of the first two
//
// All 256 folders are made when the store is opened, so that no Put has to make
// one and care for its durability.
//
// # What holds
//
//   - A name that can be seen has all of its bytes: content arrives in
//     DIR/incoming and gets its name by one rename, after fsync.
//   - What Put has acknowledged survives a power cut: the file is synced before
//     the rename, its folder after it.
//   - The same bytes are stored once. A Put of bytes already held re-hashes the
//     held copy, and replaces it if it is damaged: putting content again is how
//     it is repaired.
//   - What fails leaves nothing behind, whether the reader, the disk or the
//     caller gave up. What a killed program left in DIR/incoming is removed when
//     the store is next opened.
//   - Content is never changed. It is not verified on each read; Scrub does that.
//
// # Who may use it
//
// One program opens a store, under the lock of its data folder (DESIGN law 10);
// its goroutines share the one Directory without further locks. Should a second
// program open the store all the same, it sweeps away what the first is
// receiving: those Puts then fail, and nothing wrong becomes visible.
//
// # Many small files
//
// A Put costs two fsyncs, and for small files little else. File systems commit
// the fsyncs of many threads together, so a bulk import calls Put from a bounded
// number of goroutines (16, say); there is no batch call. Each running Put holds
// one open file (two while a held copy is compared) and some 64 KiB of memory,
// however large the content.
package blob
