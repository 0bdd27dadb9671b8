"""The program `tf-consensus`: each command a module, which imports TensorFlow when it is needed.

Nothing else imports this package, but for the example scripts that share its flags.
"""
