package api

// The pages behind the types of problems.

import (
	"html/template"
	"net/http"

	"imprint/domain"
	"imprint/handlers/web"
)

// explanations say what the detail of a problem has no room for. A code that is
// not here is explained by its detail alone.
func explanations() map[string]string {
	return map[string]string{
		"bad-request":             "The request was read and is not of the form that its operation wants. The detail names each input at fault; /docs shows the form.",
		"bad-utf8":                "Texts are UTF-8. Nothing is repaired silently, since a repaired text would no longer be what its author wrote.",
		"body-too-large":          "The body is over the limit of its operation. Files are sent to /api/v1/contents or as parts of a form, where more is allowed.",
		"content-too-large":       "The file is over the limit that this installation sets for uploads. Nothing of it was kept.",
		"cross-origin":            "A page of another site made your browser send this request. Requests that change something are taken from this site's own pages, and from programs, only.",
		"disguised-content":       "The file's first bytes are something that a browser would run, and it was declared as something else.",
		"header-too-large":        "The first line and the header of a request have at most 64 KiB together. Delete cookies of this site if there are many.",
		"internal":                "A fault of ours. Its cause stands in the log of this installation beside the id in the problem's instance.",
		"no-idempotency-key":      "Every POST that changes something carries an Idempotency-Key. Repeat a request whose answer was lost under the same key: it is not done twice, and you get the first answer.",
		"no-if-match":             "A new version is based on one you have seen. If-Match carries its number, so that nobody overwrites what they have not read.",
		"no-document":             "There is no such document, or you may not see it. The answer is the same for both.",
		"no-route":                "There is nothing at this address.",
		"not-a-publisher":         "Publishing is done by persons with the role publisher or administrator.",
		"not-an-auditor":          "The whole history is open to persons with the role auditor or administrator.",
		"projection-behind":       "What you wrote is recorded. The read models have not caught up with it in the time that a request waits; ask again.",
		"request-id-reused":       "An Idempotency-Key names one request. The same key came with another method, address or body; send the other request under a key of its own.",
		"same-bytes":              "The files are those of the current version. If a version with the same bytes is meant, say force.",
		"sign-in":                 "What you asked for is not public, or does not exist. Sign in: send an access token as \"Authorization: Bearer TOKEN\".",
		"stale-version":           "Somebody published a version after the one that yours is based on. Look at the newest one, then send yours with its number in If-Match.",
		"text-too-long":           "A text is longer than its field allows. The detail names the field and the limit.",
		"unknown-value":           "A filter has a value that does not exist. The detail lists those that do.",
		"bad-cursor":              "A cursor belongs to one list with one filter. Start again without it.",
		"bad-wait-token":          "Wait tokens are given by writes and taken back as they came.",
		"bad-content-type":        "The Content-Type of the body is not one that the operation takes.",
		"bad-method":              "The address exists and does not take this method; the header Allow lists those it takes.",
		"bad-range":               "The part of the file that the Range header asks for does not exist.",
		"uncertain":               "The answer of the log was lost. Send the same request under the same Idempotency-Key: it is not done twice.",
		"too-many-changes":        "Many requests changed the same thing at once. Send the request again.",
		"token-told":              "A token's secret is told once.",
		"auditor-changes-nothing": "An auditor reads everything and changes nothing, anywhere: no document, no library and no settings of their own either.",
		"bad-token":               "The token is unknown, has been revoked or has expired; which of these is not told.",
		"document-exists":         "The id is that of a document that exists; publish a version of it instead.",
		"withdrawn":               "The document is withdrawn. Reinstate it first.",
		"last-version":            "It is the only version that is not withdrawn; withdraw the document instead.",
		"unchanged":               "Things are already as the request wants them; nothing was recorded.",
		"bad-schedule":            "The notification settings name no time at which a digest could come.",
		"no-content":              "A version names bytes that are stored. Upload them to /api/v1/contents first.",
		"bad-file-name":           "A file's name is a plain name: no folders, no \"..\".",
		"projection-stopped":      "A read model has stopped; an operator sees why with imprint projections list. Until then it hides rather than show something old.",
		"bad-bulk":                "One request saves 1 to 200 documents.",
		"unknown-person":          "The demo knows some persons by name; its first page lists them.",
		"bidi-character":          "Characters that turn the direction of writing make a name look like another one. No text holds them.",
		"invisible-character":     "Names and titles hold nothing that cannot be seen, so that no two look the same.",
		"control-character":       "Texts hold no control characters but line breaks and tabs.",
		"one-correction":          "Summary and dates are corrected by a request each, so that the history says why.",
		"no-correction":           "A correction says what is to be corrected: the summary, or the dates.",
		"named-twice":             "A name that stands twice has two values, and only one of them could be meant.",
		"bad-actor":               "An actor is a person's id, or system or operator.",
		"bad-audience":            "An audience is everyone or signed-in.",
		"missing-summary":         "A major version tells readers what changed.",
		"bad-hash":                "A SHA-256 is written as 64 hexadecimal digits in lower case.",
		"gave-up":                 "The request took longer than a request may.",
		"bad-json":                "The body is not JSON, or not of the form that is wanted.",
		"bad-form":                "The form's parts cannot be told apart. Let your client write the Content-Type with its boundary.",
		"not-a-person":            "Libraries and settings belong to persons.",
		"bad-if-match":            "If-Match carries the number of one version in quotes.",
		"unknown-part":            "A form has one part with the description and parts with files.",
		"broken-upload":           "The sender went away before the end of the file. Nothing of it was kept.",
		"broken-request":          "The sender went away before the end of the request, or was too slow. Nothing of it was done.",
		"not-acceptable":          "The header Accept asks for a form that there is none of; the detail names those there are.",
		"bad-media-type":          "A media type has the form type/subtype.",
		"file-name-too-long":      "A file's name has at most 200 bytes.",
		"too-many-files":          "A version has at most 20 files.",
		"too-many-values":         "A list has more values than are allowed.",
		"bad-slug":                "Short names are made of a-z, 0-9 and '-'.",
		"bad-time":                "A moment is a date (2026-01-31) or a time (2026-01-31T12:00:00Z).",
		"bad-query":               "The part of the address after the question mark holds a '%' that begins no escape, or a ';'. Nothing of it is passed over in silence.",
		"bad-ordinal":             "Ordinals count the events from 1.",
		"one-moment":              "A look back names one moment.",
		"no-body":                 "The operation wants a body.",
		"too-deep":                "Only the first 10,000 hits of a search are shown. Narrow it.",
		"bad-limit":               "A page has 1 to 100 items.",
		"not-your-settings":       "Settings are changed by the person they belong to.",
		"bad-address":             "A mail address such as name@example.org.",
		"bad-language":            "A language tag such as en or pt-br.",
		"bad-scheme":              "Authorization carries a bearer token.",
	}
}

// explain serves the page of one code.
func explain(page *template.Template) http.HandlerFunc {
	texts := explanations()
	return func(w http.ResponseWriter, r *http.Request) {
		code := r.PathValue("code")
		if domain.CheckSlug("code", code) != nil {
			web.WriteProblem(w, r, web.Refuse(http.StatusNotFound, "no-route", "there is nothing at this address; /docs lists what there is"))
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_ = page.Execute(w, map[string]string{"Code": code, "Text": texts[code]}) // the client may be gone
	}
}
