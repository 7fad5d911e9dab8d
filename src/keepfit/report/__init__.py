"""What two files were found to say of each other: one record, drawn as a page that needs nothing but itself."""
