// Package bucket keeps the bytes of published files in an object store (S3 and
// what speaks its protocol), so that several programs share them. It holds to the
// contract of package blob and passes the same suite.
//
// # Layout
//
//	incoming/<uuid>   bytes that are arriving under a name of their own
//	sha256/<hash>     content, under its hash in 64 lower-case hex digits
//
// Both lie below the prefix that the URL may name (?prefix=acme/), so that one
// bucket can serve several installations.
//
// # What holds
//
//   - A name that can be seen has all of its bytes: an object appears whole, when
//     its upload is completed, or not at all.
//   - A hash is known only at the end of the bytes, and an upload needs its name
//     at the beginning. So bytes arrive in incoming/, in parts, without touching a
//     disk here, and are copied inside the store to their name. Bytes whose hash
//     was stated go to their name at once; the upload is given up if they differ.
//   - The same bytes have the same name, and so are held once. Putting content
//     again writes it again: that is how damaged content is repaired.
//   - What a killed program left in incoming/ is removed a day later, by whichever
//     program next opens the store. The parts of an upload that was never
//     completed are invisible; a rule of the bucket (AbortIncompleteMultipartUpload)
//     should remove them, for the protocol gives us no safe moment.
//   - A store that takes requests and does not answer ends each call after two
//     minutes of silence; how slow the caller is does not count.
//
// # Which stores
//
// s3:// is always there; azblob:// needs the build tag azure, gs:// the tag gcs:
// their libraries would double the time of a first build. Credentials come from
// where each library looks for them (for S3: AWS_ACCESS_KEY_ID and its kin, a
// profile, the machine's role), never from the URL.
package bucket
