module ampoule/images/pause

go 1.26.0
