package portal

// Templates: reading them, and what they may call.

import (
	"fmt"
	"html/template"
	"io/fs"
	"path"
	"strings"
	"text/template/parse"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/access"
)

// parsed reads the templates for a language: each page with the layout and the parts
// that pages share. All texts that they name must be in the table.
func parsed(w words) (map[string]*template.Template, error) {
	shared, err := template.New("").Funcs(functions(w)).ParseFS(templates, "templates/layout.html", "templates/parts.html")
	if err != nil {
		return nil, err
	}
	files, err := fs.Glob(templates, "templates/*.html")
	if err != nil {
		return nil, err
	}
	pages := map[string]*template.Template{}
	for _, file := range files {
		name := strings.TrimSuffix(path.Base(file), ".html")
		if name == "layout" || name == "parts" {
			continue
		}
		page, err := shared.Clone()
		if err == nil {
			page, err = page.ParseFS(templates, file)
		}
		if err != nil {
			return nil, err
		}
		for _, t := range page.Templates() {
			if err := w.check(t.Tree); err != nil {
				return nil, fmt.Errorf("page %s: %w", name, err)
			}
		}
		pages[name] = page
	}
	return pages, nil
}

func functions(w words) template.FuncMap {
	return template.FuncMap{
		"t": w.text, "n": w.count, "number": func(n int64) string { return w.number(int(n)) }, "total": w.total, "size": w.size, "language": w.language,
		"date":   func(t time.Time) template.HTML { return timed(t.UTC().Format(time.RFC3339), w.date(t), w.moment(t)) },
		"day":    func(d domain.Date) template.HTML { return timed(d.String(), w.date(d.Midnight()), "") },
		"moment": func(t time.Time) template.HTML { return timed(t.UTC().Format(time.RFC3339), w.moment(t), "") },
		"role":   func(r access.Role) string { return w.text("role." + string(r)) },
		"key":    uuid.NewString,
	}
}

// timed is a time, or a day, for machines and for people.
func timed(machine, shown, title string) template.HTML {
	escape := template.HTMLEscapeString
	if title != "" {
		title = ` title="` + escape(title) + `"`
	}
	return template.HTML(`<time datetime="` + machine + `"` + title + `>` + escape(shown) + `</time>`)
}

// check refuses a template that names a text which the table lacks.
func (w words) check(tree *parse.Tree) error {
	if tree == nil || tree.Root == nil {
		return nil
	}
	var missing []string
	walk(tree.Root, func(c *parse.CommandNode) {
		if len(c.Args) < 2 {
			return
		}
		called, isName := c.Args[0].(*parse.IdentifierNode)
		name, isText := c.Args[1].(*parse.StringNode)
		if !isName || !isText {
			return
		}
		var wanted []string
		switch called.Ident {
		case "t":
			wanted = []string{name.Text}
		case "n":
			wanted = []string{name.Text + ".one", name.Text + ".many"}
		}
		for _, key := range wanted {
			if _, ok := w[key]; !ok {
				missing = append(missing, key)
			}
		}
	})
	if len(missing) > 0 {
		return fmt.Errorf("template %s names texts that the table lacks: %s", tree.Name, strings.Join(missing, ", "))
	}
	return nil
}

// walk visits every command of a template, also those in parentheses.
func walk(node parse.Node, visit func(*parse.CommandNode)) {
	branch := func(b *parse.BranchNode) {
		walk(b.Pipe, visit)
		walk(b.List, visit)
		if b.ElseList != nil {
			walk(b.ElseList, visit)
		}
	}
	switch n := node.(type) {
	case *parse.ListNode:
		for _, child := range n.Nodes {
			walk(child, visit)
		}
	case *parse.ActionNode:
		walk(n.Pipe, visit)
	case *parse.TemplateNode:
		if n.Pipe != nil {
			walk(n.Pipe, visit)
		}
	case *parse.PipeNode:
		for _, c := range n.Cmds {
			visit(c)
			for _, arg := range c.Args {
				walk(arg, visit)
			}
		}
	case *parse.IfNode:
		branch(&n.BranchNode)
	case *parse.RangeNode:
		branch(&n.BranchNode)
	case *parse.WithNode:
		branch(&n.BranchNode)
	}
}
