package instance

const (
	sampleName = "sample.json"
	sampleForm = 1
)

// sample is the .sample.env of an image. The image's ID stands for its content, so
// that it stays true.
type sample struct {
	Version int    `json:"version"`
	Image   string `json:"image"`
	Text    []byte `json:"text"` // null: the image has none
}

// NewestForm is the newest version that this release knows.
func (*sample) NewestForm() int { return sampleForm }

// Sample is the .sample.env that was kept, nil where its image has none. image is
// "" where nothing was kept, or it cannot be read.
func Sample(d Dir) (image string, text []byte) {
	s, err := Load[sample](d, sampleName)
	if err != nil || s == nil {
		return "", nil
	}
	return s.Image, s.Text
}

// KeepSample keeps the .sample.env of an image in the place of another one's: to
// look into an image takes a container each time.
func KeepSample(d Dir, image string, text []byte) error {
	if kept, _ := Sample(d); kept == image {
		return nil
	}
	return Save(d, sampleName, &sample{Version: sampleForm, Image: image, Text: text})
}
