package portal

// The first page: the groups with their tiles, and what is new.

import (
	"net/http"
	"net/url"

	"imprint/domain/category"
	"imprint/domain/terms"
	"imprint/projections/catalog"
)

type homeView struct {
	Groups []groupView
	Newest []item
}

type groupView struct {
	Name  string
	Hint  string
	Href  string
	Tiles []tile
}

type tile struct {
	link
	Description phrase
	Count       catalog.Count
}

// groups is their order on the page.
var groups = [...]category.Group{category.Certifications, category.Reports, category.Regional, category.Organization}

func (p *portal) home(v *visit) error {
	found, err := p.Catalog.Home(v.ctx(), v.reader)
	if err != nil {
		return err
	}
	var view homeView
	if view.Newest, err = v.items(found.Newest, terms.Query{}); err != nil {
		return err
	}
	for _, id := range groups {
		g := groupView{Name: v.words.text("group." + string(id)), Hint: v.words.text("group.empty")}
		if id == category.Organization && !v.reader.SignedIn() {
			g.Hint = v.words.text("group.sign-in")
		}
		for _, group := range found.Groups {
			if group.ID != id {
				continue
			}
			for _, c := range group.Tiles {
				g.Tiles = append(g.Tiles, tile{
					link:        link{Href: "/documents?" + url.Values{"category": {c.ID}}.Encode(), Name: v.title(c.Name, terms.Query{})},
					Description: v.plain(c.Description), Count: c.Count,
				})
			}
		}
		if len(g.Tiles) > 0 {
			g.Href = "/documents?" + url.Values{"group": {string(id)}}.Encode()
		}
		view.Groups = append(view.Groups, g)
	}
	return v.show(http.StatusOK, "home", "home", v.words.text("home.title"), view)
}
