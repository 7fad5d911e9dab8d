"""The demo: from January to August 2020 on real New York taxi trips."""
