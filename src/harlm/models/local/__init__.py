"""LOCAL MODELS: language models in files on this machine, served by llama.cpp in a child process on loopback."""
