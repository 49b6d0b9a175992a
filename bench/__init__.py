"""Quality against gold: predictions in the forms the scorers read, and the seeds table. Not shipped."""
