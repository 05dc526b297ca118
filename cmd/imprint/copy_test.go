package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"imprint/adapters/kurrent/kurrenttest"
	"imprint/adapters/postgres/postgrestest"
	"imprint/adapters/work"
	"imprint/cmd/imprint/sample"
	"imprint/domain/content"
	"imprint/domain/event"
	"imprint/domain/notice"
	"imprint/domain/reaction"
)

// grownSource is the demo's sample in files, with something in each work table:
// digests that are due, a notice in its grace period, a parked event.
func grownSource(t *testing.T, flags engineFlags) {
	t.Helper()
	story, err := sample.Load()
	must(t, err)
	started := time.Now()
	clock := &scriptedClock{}
	clock.set(started.Add(-days(story.Steps[0].DaysAgo + 1)))
	in, err := open(t.Context(), flags, options{create: true, clock: clock.Now, name: "Halden"})
	must(t, err)
	defer func() { must(t, in.Close()) }()
	digests, err := in.digests(portalFlags{PortalName: "Halden", PortalURL: "http://127.0.0.1"}, mailFlags{Mail: keepMails, MailFrom: "a <a@halden.example>"})
	must(t, err)
	_, err = grow(t.Context(), in, clock, digests, story, started)
	must(t, err)
	issued, err := in.people.Join(t.Context(), operator(), "Grace")
	must(t, err)
	h := &publishingHouse{t: t, in: in, flags: flags, digests: digests, reactions: in.reactions(0), reader: issued.Person}
	h.doc = dueDocument(t, story)
	h.version = newestOf(story, h.doc)
	h.publish() // immediate readers of it are due, and are not told by the source
	h.must(h.reactions.CatchUp(t.Context()))
	h.must(in.readModels.CatchUp(t.Context(), nil))
	_, err = digests.CatchUp(t.Context())
	h.must(err)

	page, err := in.log.ReadAll(t.Context(), event.Checkpoint{}, 40)
	h.must(err)
	before, parked := page[29].Checkpoint(), page[30]
	rows := work.NewReactions(in.work)
	h.must(rows.Park(t.Context(), reaction.Parked{Reaction: "series", Event: parked.ID, Type: parked.Type, Ordinal: parked.Ordinal, Before: before, Reason: "a test", At: started}))
	h.must(rows.Hold(t.Context(), notice.Pending{Notice: notice.Released{Cause: parked.ID, CauseOrdinal: parked.Ordinal}, CauseType: parked.Type, Before: before, ReleaseAt: started.Add(time.Hour), Correlation: uuid.New()}))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// dueDocument is one that a reader keeps who wants to be told at once.
func dueDocument(t *testing.T, story sample.Sample) uuid.UUID {
	t.Helper()
	_, _, doc := (&demoCommand{}).characters(story)
	if doc.key == "" {
		t.Fatal("the sample has nobody who wants to be told at once")
	}
	return documentOf(doc.key)
}

func newestOf(story sample.Sample, doc uuid.UUID) (newest int) {
	for _, s := range story.Steps {
		if (s.Do == sample.Publish || s.Do == sample.Version) && documentOf(s.Document) == doc {
			newest = s.Number
		}
	}
	return newest
}

// copyTo is the command that copies from one installation to another.
func copyTo(from, to engineFlags) *copyCommand {
	return &copyCommand{engineFlags: from, targetFlags: targetFlags{ToData: to.Data, ToLog: to.Log, ToDatabase: to.Database, ToContent: to.Content, ToInstallation: to.Installation}}
}

// copied runs a copy to its end and answers its last line.
func copied(t *testing.T, from, to engineFlags) (report copyReport) {
	t.Helper()
	var out bytes.Buffer
	must(t, copyTo(from, to).Run(t.Context(), &console{Out: &out, Err: t.Output()}))
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	must(t, json.Unmarshal([]byte(lines[len(lines)-1]), &report))
	report.Seconds = 0
	return report
}

// tellAll opens an installation, sends what is due, twice, and answers how many
// mails each round sent, and to whom.
func tellAll(t *testing.T, flags engineFlags) (first, second int) {
	t.Helper()
	in, err := open(t.Context(), flags, options{})
	must(t, err)
	defer func() { must(t, in.Close()) }()
	digests, err := in.digests(portalFlags{PortalName: "Halden", PortalURL: "http://127.0.0.1"}, mailFlags{Mail: keepMails, MailFrom: "a <a@halden.example>"})
	must(t, err)
	h := &publishingHouse{t: t, in: in, flags: flags, digests: digests, reactions: in.reactions(0)}
	return h.settle().Accepted, h.settle().Accepted
}

// An installation goes from files to KurrentDB, PostgreSQL and S3 and back, and is
// the same at each place: log, rows, bytes, read models. Who was told before is not
// told again, and who was due is told once.
func TestCopyToProductionAndBack(t *testing.T) {
	key := masterKeyIn(t, t.TempDir())
	files := engineFlags{Data: filepath.Join(t.TempDir(), "data"), MasterKeyFile: key}
	grownSource(t, files)
	production := external(t)
	production.MasterKeyFile = key
	back := engineFlags{Data: filepath.Join(t.TempDir(), "back"), MasterKeyFile: key}

	report := copied(t, files, production)
	if !report.Verified || report.Events < 100 || report.Contents < 10 || report.Bytes < 1000 || report.WorkRows < 20 {
		t.Errorf("to production: %+v", report)
	}
	if again := copied(t, production, back); again != report {
		t.Errorf("there %+v, and back %+v", report, again)
	}
	if again := copied(t, files, back); again != report {
		t.Errorf("a finished copy is verified as %+v", again)
	}
	sent, again := tellAll(t, back)
	if sent == 0 || sent > 5 || again != 0 {
		t.Fatalf("it tells %d and then %d; the test would prove nothing", sent, again)
	}
	// It has been used since: its cursors must not be set back.
	if err := copyTo(files, back).Run(t.Context(), quietly(t)); codeOf(err) != "target-lives" {
		t.Errorf("over a living target: %v", err)
	}
	for name, flags := range map[string]engineFlags{"production": production, "the source": files} {
		if n, more := tellAll(t, flags); n != sent || more != 0 {
			t.Errorf("%s tells %d and then %d, not %d and 0", name, n, more, sent)
		}
		must(t, (&projectionsVerify{engineFlags: flags}).Run(t.Context(), quietly(t)))
		parked := strings.Builder{}
		must(t, (&reactionsParked{engineFlags: flags}).Run(t.Context(), &console{Out: &parked, Err: t.Output()}))
		if !strings.Contains(parked.String(), "a test") {
			t.Errorf("%s: what was parked is gone:\n%s", name, parked.String())
		}
		must(t, (&contentScrub{engineFlags: flags}).Run(t.Context(), quietly(t)))
	}
	if err := copyTo(files, back).Run(t.Context(), quietly(t)); codeOf(err) != "foreign-target" {
		t.Errorf("over a target that went another way: %v", err)
	}
}

// killer ends a run after so many writes at the target, the last one done or not.
type killer struct {
	mu   sync.Mutex // contents are written side by side
	left int
	done bool // the last write happens, and nobody hears of it
}

var errKilled = errors.New("killed")

func (k *killer) around(write func() error) error {
	k.mu.Lock()
	k.left--
	left := k.left
	k.mu.Unlock()
	if left > 0 {
		return write()
	}
	if left == 0 && k.done {
		_ = write() // what it answered is lost
	}
	return errKilled
}

type killedLog struct {
	eventLog
	*killer
}

func (l killedLog) Append(ctx context.Context, s event.Stream, expected int64, events []event.Event) (a event.Appended, err error) {
	err = l.around(func() error { a, err = l.eventLog.Append(ctx, s, expected, events); return err })
	return a, err
}

type killedContent struct {
	contentStore
	*killer
}

func (c killedContent) PutExpected(ctx context.Context, r io.Reader, sum string) (s content.Stored, err error) {
	err = c.around(func() error { s, err = c.contentStore.PutExpected(ctx, r, sum); return err })
	return s, err
}

type killedWork struct {
	work.Database
	*killer
}

func (w killedWork) Write(ctx context.Context, f func(work.Tx) error) error {
	return w.around(func() error { return w.Database.Write(ctx, f) })
}

func (w killedWork) Erase(ctx context.Context, f func(work.Tx) error) error {
	return w.around(func() error { return w.Database.Erase(ctx, f) })
}

// Killed again and again, at every kind of write, before and after it happened, a
// copy goes on where it was; until its end nobody else may use the target.
func TestCopyGoesOnAfterEachKill(t *testing.T) {
	key := masterKeyIn(t, t.TempDir())
	files := engineFlags{Data: filepath.Join(t.TempDir(), "data"), MasterKeyFile: key}
	grownSource(t, files)
	targets := map[string]engineFlags{
		"files":                    {Data: filepath.Join(t.TempDir(), "copy"), MasterKeyFile: key},
		"KurrentDB and PostgreSQL": {Data: filepath.Join(t.TempDir(), "copy"), Log: kurrenttest.Start(t).ConnectionString(), Database: postgrestest.Database(t), MasterKeyFile: key},
	}
	for name, to := range targets {
		t.Run(name, func(t *testing.T) {
			kills := 0
			budgets := []int{1, 2, 3, 8, 40, 61, 80}
			for ; ; kills++ {
				run, err := copyTo(files, to).open(t.Context(), &console{Out: io.Discard, Err: io.Discard})
				must(t, err)
				k := &killer{left: 2 + budgets[kills%len(budgets)], done: kills%2 == 1}
				run.to.log, run.to.content, run.to.work = killedLog{run.to.log, k}, killedContent{run.to.content, k}, killedWork{run.to.work, k}
				must(t, run.to.wire())
				_, err = run.copyWhole(t.Context())
				must(t, run.Close())
				if err == nil {
					break
				}
				if !errors.Is(err, errKilled) {
					t.Fatalf("run %d: %v", kills, err)
				}
				if kills > 1000 {
					t.Fatal("it does not come to its end")
				}
				if in, err := open(t.Context(), to, options{}); err == nil {
					t.Fatalf("run %d: the unfinished copy can be used: %v", kills, in.Close())
				} else if kills > 0 && codeOf(err) != "unfinished-copy" {
					t.Fatalf("run %d: the unfinished copy is refused with %v", kills, err)
				}
			}
			if kills < 10 {
				t.Errorf("only %d kills", kills)
			}
			if sent, again := tellAll(t, to); sent == 0 || again != 0 {
				t.Errorf("it tells %d and then %d", sent, again)
			}
			must(t, (&projectionsVerify{engineFlags: to}).Run(t.Context(), quietly(t)))
		})
	}
}

// The program itself, killed with kill -9 in its midst, goes on.
func TestCopyOfAKilledProcess(t *testing.T) {
	h := newHouse(t)
	must(t, h.in.Close())
	h.in = &opened{}
	to := filepath.Join(t.TempDir(), "copy")
	args := []string{"copy", "--data", h.data, "--to-data", to}
	cmd := program(t.Context(), args...)
	stderr, err := cmd.StderrPipe()
	must(t, err)
	must(t, cmd.Start())
	for lines := bufio.NewScanner(stderr); lines.Scan() && !strings.HasPrefix(lines.Text(), "events: "); {
	}
	must(t, cmd.Process.Kill())
	if err := cmd.Wait(); err == nil {
		t.Fatal("it was not killed")
	}
	if _, said, code := imprint(t, "digest", "due", "--data", to); code != 1 || !strings.Contains(said, "run the same imprint copy or imprint restore again") {
		t.Errorf("the unfinished copy: %d, %s", code, said)
	}
	if said, failed := doctorSays(t, doctorCommand{engineFlags: engineFlags{Data: to}}); !failed || !strings.Contains(said, "run the same imprint copy or imprint restore again") || strings.Contains(said, fromBackup) {
		t.Errorf("the unfinished copy, to the doctor:\n%s", said)
	}
	said, stderrText, code := imprint(t, args...)
	if code != 0 || !regexp.MustCompile(`^\{"events":\d+,"contents":1,"bytes":36,"workRows":\d+,"seconds":[0-9.]+,"verified":true\}\n$`).MatchString(said) {
		t.Errorf("the second run: %d\n%s%s", code, said, stderrText)
	}
	if _, said, code := imprint(t, "digest", "due", "--data", to); code != 0 {
		t.Errorf("the copy: %d, %s", code, said)
	}
}

// What is no empty target and no unfinished copy of the source is refused.
func TestCopyRefusesTargets(t *testing.T) {
	h := newHouse(t)
	must(t, h.in.Close())
	h.in = &opened{}
	other := newHouse(t)
	flags := other.flags
	must(t, other.in.Close())
	other.in = &opened{}
	if err := copyTo(h.flags, flags).Run(t.Context(), quietly(t)); codeOf(err) != "another-master-key" {
		t.Errorf("another installation with another key: %v", err)
	}
	if err := copyTo(h.flags, h.flags).Run(t.Context(), quietly(t)); codeOf(err) != "same-target" {
		t.Errorf("onto itself: %v", err)
	}
	if err := copyTo(engineFlags{Data: t.TempDir()}, engineFlags{Data: t.TempDir()}).Run(t.Context(), quietly(t)); codeOf(err) != "no-data" {
		t.Errorf("from nothing: %v", err)
	}
	key := masterKeyIn(t, t.TempDir())
	a := engineFlags{Data: filepath.Join(t.TempDir(), "a"), MasterKeyFile: key}
	b := engineFlags{Data: filepath.Join(t.TempDir(), "b"), MasterKeyFile: key}
	for _, f := range []engineFlags{a, b} {
		in, err := open(t.Context(), f, options{create: true})
		must(t, err)
		must(t, in.Close())
	}
	err := copyTo(a, b).Run(t.Context(), quietly(t))
	if codeOf(err) != "foreign-target" || !strings.Contains(err.Error(), "event 1 is ") {
		t.Errorf("another installation with the same key: %v", err)
	}
	served, err := open(t.Context(), b, options{})
	must(t, err)
	if err := copyTo(a, b).Run(t.Context(), quietly(t)); codeOf(err) != "folder-in-use" {
		t.Errorf("a served target: %v", err)
	}
	if err := copyTo(b, engineFlags{Data: t.TempDir()}).Run(t.Context(), quietly(t)); codeOf(err) != "folder-in-use" {
		t.Errorf("a served source: %v", err)
	}
	must(t, served.Close())
}

// A folder that gets the keys gets the master key too, where it is no file of its own.
func TestCopyTakesTheMasterKeyAlong(t *testing.T) {
	h := newHouse(t)
	must(t, h.in.Close())
	h.in = &opened{}
	to := engineFlags{Data: filepath.Join(t.TempDir(), "copy")}
	copied(t, h.flags, to)
	in, err := open(t.Context(), to, options{})
	must(t, err)
	must(t, in.Close())
	h.in, err = open(t.Context(), h.flags, options{})
	must(t, err)
	h.publish()
	must(t, h.in.Close())
	h.in = &opened{}
	if err := copyTo(h.flags, to).Run(t.Context(), quietly(t)); codeOf(err) != "target-lives" {
		t.Errorf("a source that went on after the copy was whole: %v", err)
	}
}

// servedLog is a source that somebody writes while it is copied.
type servedLog struct {
	eventLog
	reads int
}

func (l *servedLog) Head(ctx context.Context) (event.Checkpoint, error) {
	head, err := l.eventLog.Head(ctx)
	if l.reads++; l.reads > 1 {
		head.Ordinal += 2
	}
	return head, err
}

// A source that does not stand still is refused, and the copy stays unfinished; once
// everybody has stopped, it goes on.
func TestCopyRefusesASourceThatMoves(t *testing.T) {
	key := masterKeyIn(t, t.TempDir())
	from := engineFlags{Data: filepath.Join(t.TempDir(), "data"), Database: postgrestest.Database(t), MasterKeyFile: key}
	to := engineFlags{Data: filepath.Join(t.TempDir(), "copy"), MasterKeyFile: key}
	h := newHouseOn(t, from)
	must(t, h.in.Close())
	h.in = &opened{}
	refused := func(what string, spoil func(run *copying)) {
		run, err := copyTo(from, to).open(t.Context(), quietly(t))
		must(t, err)
		defer func() { must(t, run.Close()) }()
		spoil(run)
		if _, err := run.copyWhole(t.Context()); codeOf(err) != "source-served" {
			t.Errorf("%s: %v", what, err)
		}
	}
	lease := func(until time.Time) func(run *copying) {
		return func(run *copying) {
			must(t, run.from.work.Write(t.Context(), func(tx work.Tx) error {
				_, err := tx.Exec(t.Context(), `UPDATE digest_standings SET lease_until = $1`, until.UnixMicro())
				return err
			}))
		}
	}
	refused("events are written", func(run *copying) { run.from.log = &servedLog{eventLog: run.from.log} })
	refused("digests are sent", lease(time.Now().Add(time.Hour)))
	if _, err := open(t.Context(), to, options{}); codeOf(err) != "unfinished-copy" {
		t.Errorf("the unfinished copy: %v", err)
	}
	run, err := copyTo(from, to).open(t.Context(), quietly(t))
	must(t, err)
	lease(time.Now().Add(-time.Hour))(run)
	_, err = run.copyWhole(t.Context())
	must(t, errors.Join(err, run.Close()))
}

// Every work table is copied, with every column.
func TestCopyKnowsEveryWorkTable(t *testing.T) {
	h := newHouse(t)
	names := func(query string, args ...any) (all []string) {
		rows, err := h.in.work.Query(t.Context(), query, args...)
		must(t, err)
		defer rows.Close()
		for rows.Next() {
			var name string
			must(t, rows.Scan(&name))
			all = append(all, name)
		}
		must(t, rows.Err())
		slices.Sort(all)
		return all
	}
	known := []string{"digest_reader", "served_log", "leases", "mail_rates"} // see work.Tables
	for _, table := range work.Tables() {
		known = append(known, table.Name)
		mine := table.Columns()
		slices.Sort(mine)
		if has := names(`SELECT name FROM pragma_table_info($1)`, table.Name); !slices.Equal(has, mine) {
			t.Errorf("%s has the columns %v, and %v are copied", table.Name, has, mine)
		}
	}
	slices.Sort(known)
	if has := names(`SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'goose%' AND name NOT LIKE 'sqlite%'`); !slices.Equal(has, known) {
		t.Errorf("there are %v, and %v are copied", has, known)
	}
}
