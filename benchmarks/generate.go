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
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"imprint/handlers/importer"
)

// shape is how large a corpus is.
type shape struct {
	seed                        uint64
	sources, series, records    int
	withdrawn, renamed, revived int // of a hundred records
	meanBytes                   int // of a content
}

var (
	// yearsOfPublishing is about the size of the history of nine public
	// repositories, with smaller contents.
	yearsOfPublishing = shape{seed: 1, sources: 9, series: 500, records: 9500, withdrawn: 7, renamed: 9, revived: 2, meanBytes: 4000}
	// afternoon shows that everything runs.
	afternoon = shape{seed: 1, sources: 2, series: 6, records: 80, withdrawn: 7, renamed: 9, revived: 2, meanBytes: 200}
)

// generator writes one corpus.
type generator struct {
	shape
	random *rand.Rand
	words  *rand.Zipf
	at     time.Time
	living []*importer.Record // each as its last line left it
	gone   []*importer.Record
	begun  int
	lines  *json.Encoder
	blobs  *tar.Writer
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
	random := rand.New(rand.NewPCG(s.seed, 0))
	g := &generator{
		shape: s, random: random, words: rand.NewZipf(random, 1.2, 4, uint64(len(vocabulary)-1)),
		at: time.Date(2017, 6, 7, 22, 13, 17, 0, time.UTC), lines: json.NewEncoder(buffered), blobs: tar.NewWriter(zip),
	}
	for range s.records {
		if err := g.record(); err != nil {
			return err
		}
	}
	return errors.Join(g.blobs.Close(), zip.Close(), buffered.Flush())
}

// record writes the next line and the bytes it names.
func (g *generator) record() error {
	g.at = g.at.Add(time.Duration(g.random.IntN(16*3600)) * time.Second)
	switch n := g.random.IntN(100); {
	case len(g.living) > 3 && n < g.withdrawn:
		return g.withdraw()
	case len(g.gone) > 0 && n < g.withdrawn+g.revived:
		d := take(g.random, &g.gone)
		g.living = append(g.living, d)
		return g.version(d)
	case len(g.living) > 3 && n < g.withdrawn+g.revived+g.renamed:
		d := g.living[g.random.IntN(len(g.living))]
		d.RenamedFrom = d.Doc
		g.begun++
		d.Series = g.anySeries(d.Source)
		d.Doc = fmt.Sprintf("%s/%s-%d.md", d.Series, g.word(), g.begun)
		return g.version(d)
	case len(g.living) > 3 && n < 80:
		return g.version(g.living[g.random.IntN(len(g.living))])
	}
	g.begun++
	d := &importer.Record{}
	d.Source = fmt.Sprintf("publisher/%s-%d", vocabulary[g.begun%g.sources], g.begun%g.sources)
	d.Series = g.anySeries(d.Source)
	d.Doc = fmt.Sprintf("%s/%s-%d.md", d.Series, g.word(), g.begun)
	d.Title = g.sentence(2 + g.random.IntN(5))
	g.living = append(g.living, d)
	return g.version(d)
}

func (g *generator) anySeries(source string) string {
	n := g.random.IntN(max(1, g.series/g.sources))
	return fmt.Sprintf("%s/%s-%d", source, vocabulary[n%len(vocabulary)], n)
}

func (g *generator) withdraw() error {
	d := take(g.random, &g.living)
	d.Version++
	r := *d
	r.Withdrawn, r.PublishedAt, r.RenamedFrom = true, g.at, ""
	r.SHA256, r.Bytes, r.MediaType = "", 0, ""
	g.gone = append(g.gone, d)
	return g.lines.Encode(r)
}

func (g *generator) version(d *importer.Record) error {
	content := []byte("# " + d.Title + "\n\n" + g.sentence(g.meanBytes/16+g.random.IntN(g.meanBytes/8)))
	hash := sha256.Sum256(content)
	d.Version++
	d.PublishedAt, d.Summary = g.at, g.sentence(3+g.random.IntN(9))
	d.SHA256, d.Bytes, d.MediaType = hex.EncodeToString(hash[:]), int64(len(content)), "text/markdown"
	d.Commit = hex.EncodeToString(hash[:20])
	if err := g.lines.Encode(d); err != nil {
		return err
	}
	d.RenamedFrom = ""
	if err := g.blobs.WriteHeader(&tar.Header{Name: "blobs/" + d.SHA256, Mode: 0o600, Size: d.Bytes}); err != nil {
		return err
	}
	_, err := g.blobs.Write(content)
	return err
}

// take removes one of the documents and answers it.
func take(random *rand.Rand, from *[]*importer.Record) *importer.Record {
	i := random.IntN(len(*from))
	d := (*from)[i]
	*from = append((*from)[:i], (*from)[i+1:]...)
	return d
}

func (g *generator) word() string { return vocabulary[g.words.Uint64()] }

// sentence is words, the first ones of the vocabulary more often.
func (g *generator) sentence(words int) string {
	var b strings.Builder
	for i := range words {
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
