package portal

// The digest mails that were kept instead of being sent: each person's own, and
// all of them for publishers of the demo.

import (
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"

	"imprint/domain"
	"imprint/domain/digest"
)

const maxMails = 200

type mailsView struct {
	Mails []mailLine
	All   bool // everybody's
}

type mailLine struct {
	Href, Subject, To string
	Date              time.Time
}

type mailView struct {
	mailLine
	MessageID string
	Text      []piece
	HTML      string // the address of the HTML part; "" where there is none
}

// piece is a part of a text; one with an address is a link.
type piece struct{ Text, Href string }

func (p *portal) mails(v *visit) error {
	if err := v.mayReadMails(); err != nil {
		return err
	}
	kept, err := p.Mails.List(v.ctx(), maxMails)
	if err != nil {
		return err
	}
	view := mailsView{All: v.readsAllMails()}
	for _, m := range kept {
		if v.readsMail(m.Unsubscribe, m.MessageID) {
			view.Mails = append(view.Mails, mailLine{Href: "/mails/" + m.ID, Subject: m.Subject, To: m.To, Date: v.at(m.Date)})
		}
	}
	return v.show(http.StatusOK, "mails", "mails", v.words.text("mails.title"), view)
}

func (v *visit) mayReadMails() error {
	if v.portal.Mails == nil {
		return v.absent()
	}
	if !v.reader.SignedIn() {
		return domain.Refuse(domain.Unauthenticated, "sign-in", "mails belong to a person; sign in and ask again")
	}
	return nil
}

// readsAllMails is for those who show the demo: nobody real gets mail there.
func (v *visit) readsAllMails() bool {
	return v.portal.Persons != nil && v.reader.Role.MayPublish()
}

// readsMail goes by the person whom the signed link in a digest names, and by the
// address whose confirmation a mail asks for: the person's newest. Anybody can write
// somebody else's address into the settings, but whoever reads of it here could have
// the mail sent to any other.
func (v *visit) readsMail(unsubscribe, messageID string) bool {
	if v.readsAllMails() {
		return true
	}
	if v.own.AddressID != uuid.Nil && strings.HasPrefix(messageID, digest.ConfirmationID(v.own.AddressID).String()+"@") {
		return true
	}
	person, err := v.portal.Recipient(unsubscribe)
	return err == nil && person.String() == v.reader.Person
}

// letter reads the mail of the address; one of somebody else is absent.
func (v *visit) letter() (letter, error) {
	if err := v.mayReadMails(); err != nil {
		return letter{}, err
	}
	raw, err := v.portal.Mails.Read(v.ctx(), v.r.PathValue("mail"))
	if err != nil {
		return letter{}, err
	}
	l, err := open(raw)
	if err != nil {
		return letter{}, err
	}
	if !v.readsMail(l.unsubscribe, l.messageID) {
		return letter{}, v.absent()
	}
	return l, nil
}

func (p *portal) mail(v *visit) error {
	l, err := v.letter()
	if err != nil {
		return err
	}
	view := mailView{mailLine: mailLine{Href: "/mails/" + v.r.PathValue("mail"), Subject: l.subject, To: l.to, Date: v.at(l.date)}, MessageID: l.messageID}
	view.Text = linked(l.text)
	if l.html != "" {
		view.HTML = view.Href + "/html"
		v.frames()
	}
	return v.show(http.StatusOK, "mail", "mails", l.subject, view)
}

// frames lets a page hold a frame: a mail's HTML part, from its own address.
func (v *visit) frames() {
	h := v.w.Header()
	h.Set("Content-Security-Policy", h.Get("Content-Security-Policy")+"; frame-src 'self'")
}

// mailHTML serves the HTML part as what it is: something from outside, that runs
// nothing and loads nothing. Its links open in the whole window.
func (p *portal) mailHTML(v *visit) error {
	l, err := v.letter()
	if err == nil && l.html == "" {
		err = v.absent()
	}
	if err != nil {
		return err
	}
	return v.foreign(l.html)
}

// foreign answers with the HTML part of a mail.
func (v *visit) foreign(html string) error {
	h := v.w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; frame-ancestors 'self'; sandbox allow-top-navigation-by-user-activation")
	h.Set("Content-Type", "text/html; charset=utf-8")
	_, _ = v.w.Write([]byte(outward(html))) // the client may be gone
	return nil
}

// outward lets links leave the frame.
func outward(html string) string {
	const base = `<base target="_top">`
	if head, rest, ok := strings.Cut(html, "<head>"); ok {
		return head + "<head>" + base + rest
	}
	return base + html
}

// address is a web address as it stands in running text.
var address = regexp.MustCompile(`https?://[^\s<>"]*[^\s<>".,;:)]`)

// linked finds the addresses in a text.
func linked(text string) (pieces []piece) {
	end := 0
	for _, at := range address.FindAllStringIndex(text, -1) {
		found := text[at[0]:at[1]]
		pieces = append(pieces, piece{Text: text[end:at[0]]}, piece{Text: found, Href: found})
		end = at[1]
	}
	return append(pieces, piece{Text: text[end:]})
}
