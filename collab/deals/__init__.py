"""From interest to agreement: who would like to talk to whom about which need."""
