package bench

import (
	"context"
	"io"
)

func console(ctx context.Context, w io.Writer, o Options) error { return nil }
