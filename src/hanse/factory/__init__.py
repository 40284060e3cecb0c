"""The AI factory: it acquires data from any space, keeps it, documents it, lends it to jobs, and proves it years later."""
