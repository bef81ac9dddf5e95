package words

// quote is a text that has a word that is out, and keeps it.
type quote struct{ file, text, why string }

var quotes = []quote{}
