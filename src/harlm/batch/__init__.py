"""BATCH: many questions over the same documents, with one budget for all of them. A batch that was stopped is taken up again."""
