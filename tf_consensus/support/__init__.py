"""What every part of the library rests on: checks of arguments, seeded draws, walks over layers.

Each module here may be imported from everywhere; the package itself offers no names. `checks`,
`arrays` and `files` load without TensorFlow. This package imports no other one of the library.
"""
