package main

// Here: the files by which the program is run and watched (docker-compose.yml,
// Dockerfile, deploy/) against the program. There is no Docker engine where the
// tests run: what needs one is not shown here.

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

const repository = "../.."

// composition is what is checked of docker-compose.yml.
type composition struct {
	Services map[string]struct {
		Image       string
		Build       string
		Command     []string
		Environment map[string]string
		Ports       []string
		Volumes     []string
		DependsOn   dependencies `yaml:"depends_on"`
		Healthcheck struct{ Test []string }
	}
	Volumes map[string]any
}

// dependencies are the conditions by service; "" where only a name is given.
type dependencies map[string]string

// UnmarshalYAML reads both ways of writing them.
func (d *dependencies) UnmarshalYAML(n *yaml.Node) error {
	*d = dependencies{}
	if n.Kind == yaml.SequenceNode {
		for _, c := range n.Content {
			(*d)[c.Value] = ""
		}
		return nil
	}
	var full map[string]struct{ Condition string }
	if err := n.Decode(&full); err != nil {
		return err
	}
	for name, f := range full {
		(*d)[name] = f.Condition
	}
	return nil
}

func text(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(repository, path))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func parse[T any](t *testing.T, path string) (v T) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(text(t, path)), &v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return v
}

// commandLine is the program's command line.
func commandLine(t *testing.T) *kong.Application {
	t.Helper()
	parser, err := kong.New(&commands{}, kong.Vars{"listen": defaultListen})
	if err != nil {
		t.Fatal(err)
	}
	return parser.Model
}

// known are the settings of this program.
func known(t *testing.T) []string {
	t.Helper()
	var variables []string
	all, err := settings(commandLine(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range all {
		variables = append(variables, s.variable)
	}
	return variables
}

// hasCommand tells whether the program has a command of these words.
func hasCommand(t *testing.T, words ...string) bool {
	node := commandLine(t).Node
	for _, w := range words {
		i := slices.IndexFunc(node.Children, func(c *kong.Node) bool { return c.Name == w })
		if i < 0 {
			return false
		}
		node = node.Children[i]
	}
	return true
}

func TestTheCompositionFitsTheProgram(t *testing.T) {
	c := parse[composition](t, "docker-compose.yml")
	variables := known(t)
	var hosts []string
	used := map[string]bool{}
	serving := 0
	for name, s := range c.Services {
		if tag := s.Image[strings.LastIndex(s.Image, ":")+1:]; s.Build == "" && (!strings.ContainsAny(tag, "0123456789") || strings.Contains(tag, "latest")) {
			t.Errorf("%s: the image %s is not pinned", name, s.Image)
		}
		for v := range s.Environment {
			if strings.HasPrefix(v, environmentPrefix) && !slices.Contains(variables, v) {
				t.Errorf("%s: %s is no setting of the program", name, v)
			}
		}
		if s.Build != "" && !hasCommand(t, s.Command...) {
			t.Errorf("%s: the program has no command %v", name, s.Command)
		}
		for _, p := range s.Ports {
			parts := strings.Split(p, ":")
			if len(parts) != 3 || parts[0] != "127.0.0.1" || slices.Contains(hosts, parts[1]) {
				t.Errorf("%s: the port %s is open to others, or taken twice", name, p)
				continue
			}
			hosts = append(hosts, parts[1])
			if _, listens, err := net.SplitHostPort(s.Environment["IMPRINT_LISTEN"]); s.Build != "" && (err != nil || listens != parts[2]) {
				t.Errorf("%s: %s leads to a port that it does not listen on", name, p)
			}
		}
		for _, v := range s.Volumes {
			source, _, _ := strings.Cut(v, ":")
			if path, isFile := strings.CutPrefix(source, "./"); isFile {
				if _, err := os.Stat(filepath.Join(repository, path)); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				continue
			}
			used[source] = true
			if _, declared := c.Volumes[source]; !declared {
				t.Errorf("%s: the volume %s is not declared", name, source)
			}
		}
		for other, condition := range s.DependsOn {
			needed, there := c.Services[other]
			if !there || condition == "service_healthy" && len(needed.Healthcheck.Test) == 0 {
				t.Errorf("%s waits for %s (%s), which cannot be", name, other, condition)
			}
		}
		if slices.Equal(s.Command, []string{"serve"}) {
			serving++
			if test := s.Healthcheck.Test; len(test) < 3 || !hasCommand(t, test[2:]...) {
				t.Errorf("%s: the health check %v is no command of the program", name, test)
			}
		}
	}
	for v := range c.Volumes {
		if !used[v] {
			t.Errorf("the volume %s is used by nothing", v)
		}
	}
	if serving != 2 {
		t.Errorf("%d services serve, not two", serving)
	}
	for _, interpolated := range regexp.MustCompile(`\$\{(IMPRINT_\w+)`).FindAllStringSubmatch(text(t, "docker-compose.yml"), -1) {
		t.Errorf("%s is set by the environment of compose and by the file", interpolated[1])
	}
}

func TestPrometheusAsksWhereMetricsAre(t *testing.T) {
	c := parse[composition](t, "docker-compose.yml")
	p := parse[struct {
		RuleFiles []string `yaml:"rule_files"`
		Scrapes   []struct {
			Name   string                       `yaml:"job_name"`
			Static []struct{ Targets []string } `yaml:"static_configs"`
		} `yaml:"scrape_configs"`
	}](t, "deploy/prometheus/prometheus.yml")
	mounted := strings.Join(c.Services["prometheus"].Volumes, "\n")
	for _, f := range p.RuleFiles {
		if !strings.Contains(mounted, f) {
			t.Errorf("the rule file %s is not mounted", f)
		}
	}
	asked := 0
	for _, s := range p.Scrapes {
		for _, static := range s.Static {
			for _, target := range static.Targets {
				host, port, _ := net.SplitHostPort(target)
				_, listens, err := net.SplitHostPort(c.Services[host].Environment["IMPRINT_METRICS_LISTEN"])
				if err != nil || listens != port {
					t.Errorf("%s is not where %q serves metrics", target, host)
				}
				asked++
			}
		}
		if !strings.Contains(text(t, "deploy/prometheus/alerts.yml"), `job="`+s.Name+`"`) {
			t.Errorf("the alerts do not know the job %s", s.Name)
		}
	}
	if asked != 2 {
		t.Errorf("%d processes are asked", asked)
	}
	for _, volume := range c.Services["grafana"].Volumes {
		source, _, _ := strings.Cut(strings.TrimPrefix(volume, "./"), ":")
		err := filepath.WalkDir(filepath.Join(repository, source), func(path string, d fs.DirEntry, err error) error {
			if err == nil && filepath.Ext(path) == ".yml" {
				var any map[string]any
				var b []byte
				if b, err = os.ReadFile(path); err == nil {
					err = yaml.Unmarshal(b, &any)
				}
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestTheImageIsBuiltByThisGoAndRunsWithoutRights(t *testing.T) {
	file := text(t, "Dockerfile")
	version := regexp.MustCompile(`(?m)^go (\S+)$`).FindStringSubmatch(text(t, "go.mod"))[1]
	for _, line := range []string{"FROM golang:" + version + "-bookworm AS build", "USER 65532:65532", "FROM scratch", "CGO_ENABLED=0"} {
		if !strings.Contains(file, line) {
			t.Errorf("the Dockerfile lacks %q", line)
		}
	}
	for _, port := range regexp.MustCompile(`\d+`).FindAllString(regexp.MustCompile(`(?m)^EXPOSE .*`).FindString(file), -1) {
		if compose := text(t, "docker-compose.yml"); !strings.Contains(compose, "0.0.0.0:"+port+"\n") {
			t.Errorf("nothing listens on the exposed port %s", port)
		}
	}
}

// rule is one alert.
type rule struct {
	Alert       string
	Expr        string
	Annotations map[string]string
}

func rules(t *testing.T) (all []rule) {
	for _, g := range parse[struct{ Groups []struct{ Rules []rule } }](t, "deploy/prometheus/alerts.yml").Groups {
		all = append(all, g.Rules...)
	}
	return all
}

func TestEveryAlertSaysWhatToDo(t *testing.T) {
	commands := regexp.MustCompile(`imprint ((?:[a-z]+ ?){1,2})`)
	for _, r := range rules(t) {
		for _, a := range []string{"summary", "description", "action"} {
			if r.Annotations[a] == "" {
				t.Errorf("%s has no %s", r.Alert, a)
			}
		}
		if !strings.Contains(r.Annotations["action"], "imprint doctor") {
			t.Errorf("%s does not say what imprint doctor is good for", r.Alert)
		}
		for _, said := range commands.FindAllStringSubmatch(r.Annotations["action"], -1) {
			if words := strings.Fields(said[1]); !hasCommand(t, words...) && !hasCommand(t, words[0]) {
				t.Errorf("%s: there is no command imprint %s", r.Alert, said[1])
			}
		}
	}
}

// metricNames are what a query asks for.
var metricNames = regexp.MustCompile(`\b(?:imprint|go|process)_[a-z_]+\b`)

// asked are the metrics of all alerts and of the dashboard, with who asks.
func asked(t *testing.T) map[string]string {
	t.Helper()
	names := map[string]string{}
	add := func(who, expr string) {
		found := metricNames.FindAllString(expr, -1)
		if len(found) == 0 && !strings.HasPrefix(expr, "up{") {
			t.Errorf("%s asks for nothing of ours: %s", who, expr)
		}
		for _, n := range found {
			names[n] = who
		}
	}
	for _, r := range rules(t) {
		add("alert "+r.Alert, r.Expr)
	}
	var dashboard struct {
		Panels []struct {
			Title, Type string
			Targets     []struct{ Expr string }
		}
	}
	if err := json.Unmarshal([]byte(text(t, "deploy/grafana/dashboards/imprint.json")), &dashboard); err != nil {
		t.Fatal(err)
	}
	for _, p := range dashboard.Panels {
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("the panel %s shows nothing", p.Title)
		}
		for _, target := range p.Targets {
			add("panel "+p.Title, target.Expr)
		}
	}
	return names
}

// The dashboard and the alerts ask for what the program shows, and leave nothing of
// ours out. Off, nothing listens; on, it is at an address of its own and not where
// readers are.
func TestTheMetricsOfTheRunningProgramAreThoseAskedFor(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	s := start(t, "serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0", "--metrics-listen", address)
	if status, _ := s.get("/documents"); status != http.StatusOK { // so that there is a request to show
		t.Fatalf("status %d", status)
	}
	if _, page := s.get("/metrics"); strings.Contains(page, "imprint_") {
		t.Errorf("readers reach the metrics:\n%.500s", page)
	}
	metrics := &server{t: t, url: "http://" + address}
	_, scraped := metrics.get("/metrics")
	shown := map[string]bool{}
	for line := range strings.Lines(scraped) {
		if name := regexp.MustCompile(`^[a-z_]+`).FindString(line); name != "" {
			shown[name] = true
		}
	}
	names := asked(t)
	for name, who := range names {
		if !shown[name] {
			t.Errorf("%s asks for %s, which the program does not show", who, name)
		}
	}
	for name := range shown {
		base := regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
		if strings.HasPrefix(name, "imprint_") && !slices.ContainsFunc([]string{name, base + "_bucket", base + "_sum", base + "_count"}, func(n string) bool { return names[n] != "" }) {
			t.Errorf("nobody asks for %s", name)
		}
	}
	if want := `imprint_http_requests_total{route="GET /documents",status="2xx"} 1`; !strings.Contains(scraped, want) {
		t.Errorf("the request is not counted")
	}
	if t.Failed() {
		t.Log(scraped)
	}

	listens := strings.TrimPrefix(s.url, "http://")
	if out, stderr, code := imprint(t, "ready", "--listen", listens); code != 0 || !strings.Contains(out, `"ready":true`) {
		t.Errorf("ready: %d, %s%s", code, out, stderr)
	}
	if code, _ := s.terminate(); code != 0 {
		t.Errorf("it ended with %d:\n%s", code, s.output())
	}
	if _, stderr, code := imprint(t, "ready", "--listen", listens); code != 1 || !strings.Contains(stderr, "nothing answers at "+listens) {
		t.Errorf("ready, with nobody there: %d, %s", code, stderr)
	}
	if !strings.Contains(s.output(), "level=INFO") {
		t.Errorf("the log is not key=value:\n%s", fmt.Sprintf("%.500s", s.output()))
	}
}
