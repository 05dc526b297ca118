package portal_test

// The way of a reader through a real browser: what only it can tell is whether
// the pages work under their own Content-Security-Policy.

import (
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"imprint/domain"
	"imprint/domain/access"
	"imprint/domain/document"
)

// browser starts Chromium; without one the test is skipped, unless
// IMPRINT_TEST_REQUIRE asks for it.
func browser(t *testing.T) context.Context {
	t.Helper()
	path := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	if path == "" {
		if strings.Contains(os.Getenv("IMPRINT_TEST_REQUIRE"), "chromium") {
			t.Fatal("IMPRINT_TEST_REQUIRE asks for chromium and there is none; install it")
		}
		t.Skip("there is no Chromium on this machine; install chromium to run this test")
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true))
	bounded, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	t.Cleanup(cancel)
	allocated, stop := chromedp.NewExecAllocator(bounded, options...)
	t.Cleanup(stop)
	ctx, quit := chromedp.NewContext(allocated)
	t.Cleanup(quit)
	return ctx
}

func TestAReaderFindsSavesAndIsShownTheUpdate(t *testing.T) {
	ctx := browser(t)
	w := newWorld(t)
	id := w.publish(document.Details{Title: domain.English("SOC 2 report")}, access.SignedIn)
	w.titled("Something else")
	server := httptest.NewServer(w.handler)
	t.Cleanup(server.Close)
	do := func(steps ...chromedp.Action[chromedp.Void]) {
		t.Helper()
		w.ok(chromedp.Do(ctx, steps...))
	}
	// follow clicks what leads to another page, and waits for that page.
	follow := func(selector chromedp.CSS) {
		t.Helper()
		_, err := chromedp.RunResponse(ctx, chromedp.Click(selector))
		w.ok(err)
	}
	read := func() string {
		t.Helper()
		text, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("main")))
		w.ok(err)
		return text
	}
	at := func(path string) {
		t.Helper()
		url, err := chromedp.Run(ctx, chromedp.Location())
		if w.ok(err); url != server.URL+path {
			t.Fatalf("the browser is at %s, not at %s: %s", url, path, read())
		}
	}

	do(chromedp.Navigate(server.URL+"/"), chromedp.SetValue(chromedp.CSS("#person"), rosa))
	follow(".who button")
	at("/")
	do(chromedp.SendKeys(chromedp.CSS("#q"), "SOC2"))
	follow(".hero button")
	at("/documents?q=SOC2")
	follow("h3 a")
	at("/documents/" + id.String())
	follow(`form[action$="/save"] button`)
	at("/documents/" + id.String() + "?done=saved")
	if text := read(); !strings.Contains(text, "Remove from library") {
		t.Fatalf("after saving: %s", text)
	}
	w.version(id, 1, "Chapter 3 is new")
	follow(`nav a[href="/library"]`)
	at("/library")
	if text := read(); !strings.Contains(text, "Updated 1 March 2026") || strings.Contains(text, "Chapter 3 is new") {
		t.Fatalf("the library marks no update, or shows its summary unasked: %s", text)
	}
	do(chromedp.Click(chromedp.CSS(".updated summary")), chromedp.WaitVisible(chromedp.CSS(".updated p")))
	if text := read(); !strings.Contains(text, "Chapter 3 is new") {
		t.Errorf("the opened mark: %s", text)
	}
	applied, err := chromedp.Run(ctx, chromedp.Evaluate[int](`[...document.styleSheets].reduce((n, s) => n + s.cssRules.length, 0)`))
	if w.ok(err); applied < 50 {
		t.Errorf("the style sheet holds %d rules in the browser: its policy blocks it", applied)
	}
}

// TestABrowserShowsThePreviewedMail: the page's policy lets the mail in, and the mail's
// lets it be shown there.
func TestABrowserShowsThePreviewedMail(t *testing.T) {
	ctx := browser(t)
	w := newWorld(t)
	id := w.titled("SOC 2 report")
	server := httptest.NewServer(w.handler)
	t.Cleanup(server.Close)
	path := "/documents/" + id.String() + "/preview"
	w.ok(chromedp.Do(ctx, chromedp.Navigate(server.URL+path), chromedp.SetValue(chromedp.CSS("#person"), paul)))
	_, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(".who button")))
	w.ok(err)
	w.ok(chromedp.Do(ctx, chromedp.Navigate(server.URL+path), chromedp.SendKeys(chromedp.CSS("textarea"), "Chapter 3 is new")))
	_, err = chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(".preview button")))
	w.ok(err)
	text, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS("main")))
	if w.ok(err); !strings.Contains(text, "Updated: SOC 2 report") || !strings.Contains(text, "Chapter 3 is new") {
		t.Errorf("%s", text)
	}
	// A frame whose page is refused by either policy shows the browser's own error page,
	// whose address is another.
	shown, err := chromedp.Targets(ctx)
	w.ok(err)
	var urls []string
	for _, frame := range shown {
		urls = append(urls, frame.URL)
		if strings.HasPrefix(frame.URL, server.URL+path+"/mail?") {
			return
		}
	}
	t.Errorf("the mail is in no frame: %v", urls)
}
