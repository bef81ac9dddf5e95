package ops

import (
	"context"
)

// keepRecord keeps Docker's record of the container that goes.
func (r *changes) keepRecord(ctx context.Context) error {
	_, record, err := r.in.Engine.Beyond(ctx, r.old.ID)
	if err != nil {
		return err
	}
	_, err = r.in.dir.Keep("container.json", record)
	return err
}
