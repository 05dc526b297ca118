package main

// A corpus of the same shape as a real one: documents in series of several
// sources, with versions, renames, withdrawals and reappearances. It is the same
// on every machine, for it follows from a seed.

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"imprint/handlers/importer"
)

// shape is how large a corpus is and what happens in it.
type shape struct {
	seed              uint64
	versions, sources int
	years             int // that it spans
	meanBytes         int // of a content; 0: there are no contents, only their hashes
	// Of a hundred records so many begin a document, and so on; the rest are further
	// versions.
	begun, withdrawn, renamed, revived, retitled int
	// favoured of a hundred further versions go to a document the more often, the
	// more it has: most have few, and some have thousands.
	favoured int
	// opened of a hundred documents that begin or are renamed open a series; the
	// others join one, the more often, the more documents it has.
	opened int
}

var (
	// yearsOfPublishing is about the history of nine public repositories, with
	// smaller contents.
	yearsOfPublishing = shape{seed: 1, versions: 8900, sources: 9, years: 9, meanBytes: 4000,
		begun: 17, withdrawn: 7, renamed: 9, revived: 2, retitled: 2, favoured: 30, opened: 20}
	// afternoon shows that everything runs.
	afternoon = shape{seed: 1, versions: 74, sources: 2, years: 1, meanBytes: 200,
		begun: 20, withdrawn: 7, renamed: 9, revived: 2, retitled: 2, favoured: 30, opened: 20}
	// decades is the history of 13 large repositories, without contents. A test holds
	// it against the quantiles of the real one.
	decades = shape{seed: 1, versions: fullSize, sources: 13, years: 20,
		begun: 9, withdrawn: 4, renamed: 6, revived: 1, retitled: 2, favoured: 70, opened: 13}
)

// of is the same history with another number of versions.
func (s shape) of(versions int) shape {
	s.versions = versions
	return s
}

// published is a document as its last line left it.
type published struct {
	importer.Record
	at int // among the living; negative: it is gone
}

// generator writes one corpus.
type generator struct {
	shape
	random *rand.Rand
	words  *rand.Zipf
	at     time.Time
	living []*published
	gone   []*published
	past   []*published // the document of each version
	begun  int
	series int
	lines  *json.Encoder
	blobs  *tar.Writer // nil: no contents are written
}

func (s shape) generator(lines io.Writer, blobs *tar.Writer) *generator {
	random := rand.New(rand.NewPCG(s.seed, 0))
	return &generator{
		shape: s, random: random, words: rand.NewZipf(random, 1.2, 4, uint64(len(vocabulary)-1)),
		at: time.Date(2004, 6, 7, 22, 13, 17, 0, time.UTC), lines: json.NewEncoder(lines), blobs: blobs,
	}
}

// run writes records until there are as many versions as the shape says.
func (g *generator) run() error {
	for len(g.past) < g.versions {
		if err := g.record(); err != nil {
			return err
		}
	}
	return nil
}

// write makes corpus.jsonl and blobs.tar.gz in dir.
func (s shape) write(dir string) (err error) {
	lines, err := os.Create(filepath.Join(dir, "corpus.jsonl"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, lines.Close()) }()
	archive, err := os.Create(filepath.Join(dir, "blobs.tar.gz"))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, archive.Close()) }()
	buffered := bufio.NewWriter(lines)
	zip, err := gzip.NewWriterLevel(archive, gzip.BestSpeed)
	if err != nil {
		return err
	}
	blobs := tar.NewWriter(zip)
	if err := s.generator(buffered, blobs).run(); err != nil {
		return err
	}
	return errors.Join(blobs.Close(), zip.Close(), buffered.Flush())
}

// read generates the lines while they are read, and nothing else.
func (s shape) read() (io.ReadCloser, error) {
	out, in := io.Pipe()
	go func() {
		lines := bufio.NewWriterSize(in, 64<<10)
		// A reader who has enough closes the pipe, which ends the generation.
		in.CloseWithError(errors.Join(s.generator(lines, nil).run(), lines.Flush()))
	}()
	return out, nil
}

// record writes the next line and the bytes it names.
func (g *generator) record() error {
	g.at = g.at.Add(time.Duration(g.random.Int64N(2 * int64(g.years) * 365 * int64(24*time.Hour) / int64(g.versions)))).Truncate(time.Second)
	n := g.random.IntN(100)
	chosen := func(share int) bool { n -= share; return n < 0 }
	few := len(g.living) < 4
	switch {
	case chosen(g.shape.begun) || few:
		return g.begin()
	case chosen(g.withdrawn):
		return g.withdraw()
	case chosen(g.revived) && len(g.gone) > 0:
		return g.version(g.revive())
	case chosen(g.renamed):
		d := g.living[g.random.IntN(len(g.living))]
		d.RenamedFrom = d.Doc
		g.place(d, d.Source)
		return g.version(d)
	}
	d := g.anyDocument()
	if chosen(g.retitled) {
		d.Title = g.sentence(2, 2.5)
	}
	return g.version(d)
}

func (g *generator) begin() error {
	d := &published{at: len(g.living)}
	d.Title = g.sentence(2, 2.5)
	g.place(d, "")
	g.living = append(g.living, d)
	return g.version(d)
}

// anyDocument is one that lives.
func (g *generator) anyDocument() *published {
	if g.random.IntN(100) < g.favoured {
		if d := g.past[g.random.IntN(len(g.past))]; d.at >= 0 {
			return d
		}
	}
	return g.living[g.random.IntN(len(g.living))]
}

// place gives a document a key in a series, of its source where it has one.
func (g *generator) place(d *published, source string) {
	g.begun++
	beside := -1
	if g.random.IntN(100) >= g.opened && len(g.living) > 0 {
		for range 8 { // tries to find a neighbour of that source
			n := g.random.IntN(len(g.living))
			if source == "" || g.living[n].Source == source {
				beside = n
				break
			}
		}
	}
	if beside >= 0 {
		d.Source, d.Series = g.living[beside].Source, g.living[beside].Series
	} else {
		g.series++
		if d.Source = source; source == "" {
			n := g.series % g.sources
			d.Source = fmt.Sprintf("publisher/%s-%d", vocabulary[n%len(vocabulary)], n)
		}
		d.Series = fmt.Sprintf("%s/%s-%d", d.Source, g.word(), g.series)
	}
	d.Doc = fmt.Sprintf("%s/%s-%d.md", d.Series, g.word(), g.begun)
}

func (g *generator) withdraw() error {
	d := g.living[g.random.IntN(len(g.living))]
	last := g.living[len(g.living)-1]
	last.at, g.living[d.at] = d.at, last
	g.living = g.living[:len(g.living)-1]
	d.at = -1
	g.gone = append(g.gone, d)
	d.Version++
	r := d.Record
	r.Withdrawn, r.PublishedAt, r.RenamedFrom = true, g.at, ""
	r.SHA256, r.Bytes, r.MediaType = "", 0, ""
	return g.lines.Encode(r)
}

func (g *generator) revive() *published {
	n := g.random.IntN(len(g.gone))
	d := g.gone[n]
	g.gone[n] = g.gone[len(g.gone)-1]
	g.gone = g.gone[:len(g.gone)-1]
	d.at = len(g.living)
	g.living = append(g.living, d)
	return d
}

func (g *generator) version(d *published) error {
	g.past = append(g.past, d)
	content := []byte("# " + d.Title + "\n\n")
	if g.blobs != nil {
		content = append(content, g.sentence(g.meanBytes/16, float64(g.meanBytes/16))...)
	} else {
		content = fmt.Append(content, len(g.past)) // hashed, and not written anywhere
	}
	hash := sha256.Sum256(content)
	d.Version++
	d.PublishedAt, d.Summary = g.at, g.sentence(3, 5)
	d.SHA256, d.Bytes, d.MediaType = hex.EncodeToString(hash[:]), int64(len(content)), "text/markdown"
	d.Commit = hex.EncodeToString(hash[:20])
	if err := g.lines.Encode(d.Record); err != nil {
		return err
	}
	d.RenamedFrom = ""
	if g.blobs == nil {
		return nil
	}
	if err := g.blobs.WriteHeader(&tar.Header{Name: "blobs/" + d.SHA256, Mode: 0o600, Size: d.Bytes}); err != nil {
		return err
	}
	_, err := g.blobs.Write(content)
	return err
}

func (g *generator) word() string { return vocabulary[g.words.Uint64()] }

// sentence is at least so many words and further ones, seldom many more; the first
// ones of the vocabulary stand in it more often.
func (g *generator) sentence(least int, further float64) string {
	var b strings.Builder
	for i := range least + int(g.random.ExpFloat64()*further) {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(g.word())
	}
	return b.String()
}

// vocabulary is what documents are about, common words first.
var vocabulary = strings.Fields(`update add fix policy the and of to for security control baseline template
	document readme guide assessment privacy terms report audit review change version release name link page file
	access account user data service system network identity key certificate encryption backup incident response
	plan risk vendor supplier contract agreement notice licence retention deletion export import region zone
	availability continuity recovery test evidence finding remediation exception waiver approval owner register
	inventory asset device patch vulnerability advisory severity score threat model attack surface boundary diagram
	architecture cloud container cluster workload secret token session password passkey role permission group tenant
	customer partner regulator auditor assessor scope statement criteria principle objective requirement procedure
	standard framework mapping crosswalk profile catalog parameter implementation authorization monitoring logging
	alert metric threshold sampling interview observation inspection sign seal hash proof ledger revision erratum
	appendix glossary index table figure summary overview introduction conclusion history copyright trademark domain
	email messaging storage database compute queue cache gateway firewall proxy balancer resolver certificate
	moderate high low tailored annual quarterly monthly weekly daily training awareness onboarding offboarding`)
