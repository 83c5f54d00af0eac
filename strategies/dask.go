package strategies

// dask is a scheduler of Dask and its workers inside one job: for very many calls, or uneven ones, over nodes.
func dask() strategy {
	return strategy{name: "dask", work: functions, template: "dask", costs: pathosCosts, propose: proposeDask}
}

func proposeDask(*problem, *pool) ([]shape, []Rejection) {
	return nil, []Rejection{{Reason: "it is not built yet"}}
}
