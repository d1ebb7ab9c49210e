"""The commands without a screen: standard output is data, standard error is talk."""
