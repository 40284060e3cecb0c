"""`decode`: records of files, whatever the files hold. `step.Decode` is the step; each format has a module."""
