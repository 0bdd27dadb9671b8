"""The program `tf-consensus`: each command a module, which imports TensorFlow when it is needed.

`main.run` is the program. Nothing else imports this package, except the example scripts, which
share its flags (`strategy_flags`, `train_flags`, `validators`) and its commands.
"""
