"""Games differentiate: what v, v' and their derivatives need beyond TensorFlow's own rules."""
