"""The domains that ship with the kit, one folder a domain with everything of it. A domain of one's own has the same form."""
