package questions

import (
	"slices"
	"strings"

	"github.com/marketcalls/openalgo-install/internal/answers"
	"github.com/marketcalls/openalgo-install/internal/elsewhere"
	"github.com/marketcalls/openalgo-install/internal/notify/target"
)

// What is set up beside an instance: who is told when something is wrong, and where
// backups go. It is asked for only after a choice.
const (
	keyWatch   = "watch.enabled"
	keyPreOpen = "watch.preopen"
	keyTell    = "tell" // a kind of address, or none
	keyMail    = "tell.server"
	keyUser    = "tell.user"
	keyAddress = "tell.secret"
	keyDaily   = "daily" // here, store or none
	keyAt      = "backup.at"
	keyTo      = "backup.to"
	keyAccess  = "backup.access_key"
	keySecond  = "backup.secret_key"
	keyKeep    = "backup.keep"
)

const none = "none"

// isOwn reports whether a key is no answer of a file by itself.
func isOwn(key string) bool {
	return key == keyDaily || key == keyTell || strings.HasPrefix(key, keyTell+".")
}

// staysBeside reports whether the answer to a key is that of before, since it was not
// asked for or shall stay.
func staysBeside(d *Draft, key string) bool {
	switch section, _, _ := strings.Cut(key, "."); section {
	case "watch":
		return !setsUp(d) || !watches(d)
	case "backup":
		return !setsUp(d) || !daily(d) || key == "backup.recipient"
	}
	return false
}

// besideOf takes what an instance has of this. Each of it stays, unless chosen otherwise.
func besideOf(d *Draft, saved []byte) {
	a, _ := answers.ParseSaved(saved)
	d.addresses = a.Notify
	if len(a.Notify) > 0 {
		d.Given[keyTell] = none
	}
	if a.Backup.At != "" {
		d.Given[keyDaily] = none
	}
}

func messagesScreen() Screen {
	return Screen{Title: "Messages", Shown: setsUp, Intro: Fixed(""), Questions: []Question{
		{Key: keyWatch, Shown: Always, Preset: "yes", Label: Fixed("Watch this machine?"),
			Help: Fixed("It is looked at every two minutes, with all its instances."),
			Choices: func() []Choice {
				return []Choice{{Value: "yes", Label: "Watch it (recommended)"}, {Value: "no", Label: "Leave this as it is"}}
			}},
		{Key: keyPreOpen, Shown: watches, Preset: "08:45", Label: Fixed("Time of the check before the market opens, IST"),
			Help: Fixed("On trading days one message says whether all is ready. For example 08:45, or off.")},
		{Key: keyTell, Shown: Always, Preset: string(target.Telegram), Label: Fixed("Send messages to"), Help: Fixed(""), Choices: tellChoices},
	}}
}

// addressScreen comes after it, since what is asked for depends on the service.
func addressScreen() Screen {
	return Screen{Title: "Address for messages", Shown: func(d *Draft) bool { return setsUp(d) && tells(d) }, Intro: Fixed(""), Questions: []Question{
		{Key: keyMail, Shown: tellsBy(target.Email), Label: Fixed("Mail server and port"), Help: Fixed("For example smtp.gmail.com:587.")},
		{Key: keyUser, Shown: tellsBy(target.Email), Label: Fixed("User"), Help: Fixed("For example me@gmail.com. Messages go to this address.")},
		{Key: keyAddress, Secret: true, Shown: Always, Label: addressLabel, Help: addressHelp},
	}}
}

func backupsScreen() Screen {
	return Screen{Title: "Backups", Shown: setsUp, Intro: Fixed(""), Questions: []Question{
		{Key: keyDaily, Shown: Always, Preset: "here", Label: Fixed("Back up every day"), Help: Fixed("Keys, answers, databases and strategies are copied while OpenAlgo runs."),
			Choices: func() []Choice {
				return []Choice{{Value: "here", Label: "Keep backups on this machine only"},
					{Value: "store", Label: "Copy them to another machine too, encrypted (recommended)"},
					{Value: none, Label: "Leave this as it is"}}
			}},
		{Key: keyTo, Shown: dailyIs("store"), Label: Fixed("Address of the store"),
			Help: Fixed("For example s3://bucket/openalgo?endpoint=https://s3.example.com, sftp://user@host/backups or rclone:drive:openalgo.")},
		{Key: keyAccess, Secret: true, Shown: inS3, Label: Fixed("Access key"), Help: Fixed("The ID of a key that may write to the bucket.")},
		{Key: keySecond, Secret: true, Shown: inS3, Label: Fixed("Secret key"), Help: Fixed("")},
		{Key: keyAt, Shown: daily, Preset: answers.BackupUsual, Label: Fixed("Time, IST"), Help: Fixed("When no market is open that you trade on, for example 02:30.")},
		{Key: keyKeep, Shown: daily, Preset: "14", Label: Fixed("Number of backups to keep"), Help: Fixed("In each place. 0 keeps all.")},
	}}
}

// Answers to the question that leads to the options, beside yes and no.
const (
	onlyBeside = "messages"
	bothOfThem = "both"
)

func setsUp(d *Draft) bool {
	return d.Get(KeyAdvanced) == onlyBeside || d.Get(KeyAdvanced) == bothOfThem
}

func watches(d *Draft) bool { return answers.IsYes(d.Get(keyWatch)) }

func tells(d *Draft) bool { return d.Get(keyTell) != none }

func tellsBy(kind target.Kind) func(*Draft) bool {
	return func(d *Draft) bool { return d.Get(keyTell) == string(kind) }
}

func daily(d *Draft) bool { return d.Get(keyDaily) != none }

func dailyIs(where string) func(*Draft) bool {
	return func(d *Draft) bool { return d.Get(keyDaily) == where }
}

func inS3(d *Draft) bool {
	return dailyIs("store")(d) && strings.HasPrefix(d.Get(keyTo), "s3://")
}

func tellChoices() []Choice {
	return []Choice{
		{Value: string(target.Telegram), Label: "Telegram, by a bot of yours"},
		{Value: string(target.Email), Label: "E-mail"},
		{Value: string(target.Ntfy), Label: "ntfy"},
		{Value: string(target.Slack), Label: "Slack"},
		{Value: string(target.Discord), Label: "Discord"},
		{Value: string(target.Webhook), Label: "A webhook of yours"},
		{Value: none, Label: "Leave this as it is"},
	}
}

func addressLabel(d *Draft) string {
	switch target.Kind(d.Get(keyTell)) {
	case target.Telegram:
		return "Token of your bot"
	case target.Email:
		return "Password"
	case target.Ntfy:
		return "Topic"
	case target.Slack, target.Discord, target.Webhook, target.Ping:
	}
	return "Address of the webhook"
}

func addressHelp(d *Draft) string {
	switch target.Kind(d.Get(keyTell)) {
	case target.Telegram:
		return "Make a bot with BotFather, and send it a message. BotFather shows its token, for example 110201543:AAHdqTcv..."
	case target.Email:
		return "Of your mailbox; with Gmail, an app password."
	case target.Ntfy:
		return "A name that nobody guesses, for example openalgo-x7k2m9, or the whole address of a topic."
	case target.Slack, target.Discord, target.Webhook, target.Ping:
	}
	return "It begins with https://."
}

// addressOf is the address for messages that was entered; false: none was.
func addressOf(d *Draft) (target.Target, error, bool) {
	if !setsUp(d) || !tells(d) || d.Get(keyTell) == "" {
		return target.Target{}, nil, false
	}
	t, err := target.Parse(target.Kind(d.Get(keyTell)), d.Get(keyAddress))
	if err == nil && t.Kind == target.Email {
		t.Server, t.User, t.From, t.To = d.Get(keyMail), d.Get(keyUser), d.Get(keyUser), []string{d.Get(keyUser)}
	}
	if err == nil {
		err = t.Check()
	}
	return t, err, true
}

// environmentOf is the variable that a saved file without secrets takes one from.
func environmentOf(t target.Target) string {
	return "NOTIFY_" + strings.ToUpper(strings.ReplaceAll(t.Name, "-", "_"))
}

// besideProblem says what is wrong with the answer to one question of these screens.
func besideProblem(d *Draft, q Question) string {
	text := d.Get(q.Key)
	switch q.Key {
	case keyTell, keyDaily:
		if !slices.ContainsFunc(q.Choices(), func(c Choice) bool { return c.Value == text }) {
			return "choose one of the list"
		}
	case keyMail, keyUser, keyTo, keyAccess, keySecond:
		if text == "" {
			return "this is needed"
		}
		if q.Key == keyTo {
			if _, err := elsewhere.Parse(text); err != nil {
				return err.Error()
			}
		}
	case keyAddress:
		if _, err, _ := addressOf(d); err != nil {
			return err.Error()
		}
	}
	return ""
}

// Beside returns the part of the answers that these screens asked for; what was left as
// it is, is not in it.
func (d *Draft) Beside(a answers.Answers) (out answers.Answers) {
	if !setsUp(d) {
		return out
	}
	if watches(d) {
		out.Watch = a.Watch
	}
	if t, err, ok := addressOf(d); ok && err == nil {
		out.Notify = []target.Target{t}
	}
	if daily(d) {
		out.Backup = a.Backup
	}
	return out
}

// withAddress adds the address to those that the instance's answers have. Saved ones
// have no secrets, and this machine keeps them.
func withAddress(d *Draft, a *answers.Answers) {
	a.Notify = slices.Clone(d.addresses)
	t, err, ok := addressOf(d)
	if !ok || err != nil {
		return
	}
	a.Notify = append(slices.DeleteFunc(a.Notify, func(old target.Target) bool { return old.Name == t.Name }), t)
}
