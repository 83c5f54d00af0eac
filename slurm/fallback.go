package slurm

import "context"

// AskedInstead stands in what a picture says of itself where the second client gave it.
const AskedInstead = "slurmrestd could not be asked, so Slurm's commands were"

// InspectEither inspects with the first client, and where that fails with the second. It returns the
// client that gave the picture, and whatever follows has to go through that one: a submission without
// a clear answer is looked up where it was made, and never repeated through another client. The
// picture's Unknown says what was wrong with the first.
func InspectEither(ctx context.Context, first, second Client, opt InspectOptions) (Client, *Cluster, error) {
	cluster, err := first.Inspect(ctx, opt)
	if err == nil || ctx.Err() != nil {
		return first, cluster, err
	}
	cluster, other := second.Inspect(ctx, opt)
	if other != nil {
		return first, nil, err
	}
	cluster.Unknown = append([]string{AskedInstead + ": " + err.Error()}, cluster.Unknown...)
	return second, cluster, nil
}
