"""From a verified model folder to a fast call on a matrix: one module a library, each imported when it is needed.

`choice.load_runtime` is the way in. A runtime calls the library as closely as it can; a way faster than the model's
own public method is taken only when it gave the same numbers on probe rows, as the module `check` says.
"""
