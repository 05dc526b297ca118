package maildir

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"imprint/domain"
	"imprint/domain/mail"
)

func message(id, date, subject string) mail.Message {
	return mail.Message{ID: id, To: "rosa@halden.example", Bytes: []byte("Date: " + date + "\r\nMessage-ID: <" + id + ">\r\nTo: <rosa@halden.example>\r\nSubject: " + subject + "\r\n\r\nHello\r\n")}
}

func open(t *testing.T) (*Directory, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "mails")
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return d, path
}

func TestTheSameMailIsOneFile(t *testing.T) {
	d, path := open(t)
	m := message("a@x", "Mon, 29 Mar 2027 08:00:00 +0200", "one")
	for range 2 {
		if o := d.Send(t.Context(), m); o.Verdict != mail.Accepted {
			t.Fatalf("%+v", o)
		}
	}
	if files, _ := filepath.Glob(filepath.Join(path, "*")); len(files) != 1 {
		t.Errorf("files: %v", files)
	}
	if o := d.Send(t.Context(), message("a@x", "Mon, 29 Mar 2027 08:00:00 +0200", "other")); o.Verdict != mail.Refused {
		t.Errorf("other bytes under the same Message-ID: %+v", o)
	}
	list, err := d.List(t.Context(), 10)
	if err != nil || len(list) != 1 {
		t.Fatalf("%v, %v", list, err)
	}
	if b, err := d.Read(t.Context(), list[0].ID); err != nil || string(b) != string(m.Bytes) {
		t.Errorf("read back %q, %v", b, err)
	}
}

func TestListsNewestFirstByTheMailsOwnDate(t *testing.T) {
	d, path := open(t)
	for _, m := range []mail.Message{
		message("late@x", "Tue, 30 Mar 2027 08:00:00 +0000", "=?utf-8?q?Gr=C3=BC=C3=9Fe?="),
		message("early@x", "Mon, 29 Mar 2027 23:00:00 -0500", "early"), // 04:00 UTC on the 30th
	} {
		if o := d.Send(t.Context(), m); o.Verdict != mail.Accepted {
			t.Fatalf("%+v", o)
		}
	}
	for _, name := range []string{"notes.txt", ".part-1", "../x.eml"} {
		if err := os.WriteFile(filepath.Join(path, filepath.Base(name)), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	list, err := d.List(t.Context(), 10)
	if err != nil || len(list) != 2 {
		t.Fatalf("%v, %v", list, err)
	}
	if list[0].Subject != "Grüße" || list[0].MessageID != "late@x" || list[0].To != "rosa@halden.example" || list[1].MessageID != "early@x" {
		t.Errorf("%+v", list)
	}
	if want := time.Date(2027, 3, 30, 4, 0, 0, 0, time.UTC); !list[1].Date.Equal(want) {
		t.Errorf("date %s, not %s", list[1].Date, want)
	}
	if list, _ := d.List(t.Context(), 1); len(list) != 1 || list[0].MessageID != "late@x" {
		t.Errorf("limited: %+v", list)
	}
}

func TestNoNameLeadsOutOfTheFolder(t *testing.T) {
	d, path := open(t)
	if err := os.WriteFile(filepath.Join(filepath.Dir(path), "ab.eml"), []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"../ab", "", "ab", "/etc/passwd", "..", "a/b"} {
		if _, err := d.Read(t.Context(), id); domain.KindOf(err) != domain.NotFound {
			t.Errorf("%q: %v", id, err)
		}
	}
}

func TestAFolderThatIsGoneBlamesTheRoute(t *testing.T) {
	d, path := open(t)
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	if o := d.Send(t.Context(), message("a@x", "Mon, 29 Mar 2027 08:00:00 +0200", "one")); o.Verdict != mail.RouteDown {
		t.Errorf("%+v", o)
	}
	if o := d.Send(t.Context(), mail.Message{ID: "b@x", Bytes: []byte("no mail")}); o.Verdict != mail.Refused {
		t.Errorf("%+v", o)
	}
}
